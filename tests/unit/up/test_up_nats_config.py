"""The text of nats.conf."""

from pathlib import Path

import msgspec
import pytest

from daimon.up.nats_config import BusUser, NatsPorts, config, ports_in

PORTS = NatsPorts(client=4222, monitor=8222)


def decoded(ports: NatsPorts = PORTS, users: tuple[BusUser, ...] = ()) -> dict:
    return msgspec.json.decode(config(ports, Path("/somewhere"), users))


def test_every_acknowledgement_is_synced() -> None:
    assert decoded()["jetstream"] == {"store_dir": "/somewhere", "sync_interval": "always"}


def test_it_listens_on_loopback_only() -> None:
    found = decoded(NatsPorts(client=1, monitor=2, websocket=3))
    assert (found["listen"], found["http"]) == ("127.0.0.1:1", "127.0.0.1:2")
    assert found["websocket"] == {"listen": "127.0.0.1:3", "no_tls": True}


def test_websocket_is_there_only_when_asked_for() -> None:
    assert "websocket" not in decoded()


def test_a_user_gets_its_subjects_and_no_others() -> None:
    user = BusUser(name="a", password="b", publish=("x.>",), subscribe=("_INBOX.a.>",))
    (found,) = decoded(users=(user,))["authorization"]["users"]
    assert (found["user"], found["password"]) == ("a", "b")
    assert found["permissions"]["publish"] == {"allow": ["x.>"]}
    assert found["permissions"]["subscribe"] == {"allow": ["_INBOX.a.>"]}


def test_no_subjects_means_none_and_not_all() -> None:
    (found,) = decoded(users=(BusUser(name="a", password="b"),))["authorization"]["users"]
    assert found["permissions"]["publish"] == {"deny": [">"]}
    assert found["permissions"]["subscribe"] == {"deny": [">"]}


@pytest.mark.parametrize("websocket", [0, 9222])
def test_ports_are_read_back(websocket: int) -> None:
    ports = NatsPorts(client=4222, monitor=8222, websocket=websocket)
    assert ports_in(config(ports, Path("/somewhere"), ())) == ports
