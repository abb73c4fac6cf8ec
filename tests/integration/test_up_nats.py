"""The embedded NATS server: durable, closed to strangers, and open to new programs without a restart."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import pytest

from daimon.up import http, nats
from daimon.up.errors import ChildFailed
from daimon.up.nats import NatsServer, config_file, embedded_nats, write_config
from daimon.up.nats_config import BusUser
from daimon.up.polling import until_answered
from daimon.up.unsupervised import running

ADA = BusUser(name="ada", password="a", publish=("here.>",), subscribe=("here.>", "_INBOX.ada.>"))
BEN = BusUser(name="ben", password="b", subscribe=("here.>",))


async def said(server: NatsServer, user: str, password: str, *lines: str) -> list[str]:
    """Speak the client protocol; return what the server says until it has answered the last ping."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports.client)
    login = msgspec.json.encode({"user": user, "pass": password, "verbose": False, "pedantic": False}).decode()
    writer.write("".join(f"{line}\r\n" for line in (f"CONNECT {login}", *lines, "PING")).encode())
    found = []
    async with asyncio.timeout(30):
        while (line := (await reader.readline()).decode().strip()) not in {"PONG", ""}:
            found.append(line)
    writer.close()
    return found[1:]


async def is_let_in(server: NatsServer, user: str, password: str) -> bool:
    """Say whether the server takes the password; it hangs up on strangers, which may come before its reason does."""
    try:
        return await said(server, user, password) == []
    except ConnectionResetError:
        return False


async def test_it_keeps_what_it_acknowledges(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path, [ADA]) as server:
        found = msgspec.json.decode(await http.get(server.ports.monitor, "/jsz?config=true"))
    assert found["config"]["sync_always"] is True
    assert config_file(tmp_path).stat().st_mode & 0o777 == 0o600


async def test_a_server_that_syncs_later_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = nats.config
    lazy = lambda *arguments: honest(*arguments).replace(b'"always"', b'"2m"')  # noqa: E731
    monkeypatch.setattr(nats, "config", lazy)
    with pytest.raises(ChildFailed, match="sync_always is off"):
        async with embedded_nats(tmp_path, [ADA]):
            pass


async def test_only_those_with_a_password_get_in_and_only_to_their_subjects(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path, [ADA, BEN]) as server:
        assert await said(server, "ada", "a", "PUB here.now 2", "hi") == []
        assert not await is_let_in(server, "ada", "b")
        assert not await is_let_in(server, "eve", "a")
        refused = await said(server, "ada", "a", "PUB there.now 2", "hi", "SUB there.> 1")
        assert "Permissions Violation for Publish" in refused[0]
        assert "Permissions Violation for Subscription" in refused[1]
        assert "Permissions Violation for Publish" in (await said(server, "ben", "b", "PUB here.now 2", "hi"))[0]


async def test_a_new_program_is_let_in_without_a_restart(tmp_path: Path) -> None:
    users = [ADA]
    server = NatsServer(tmp_path, tmp_path / "log", lambda: users)
    async with running(server):
        assert not await is_let_in(server, "ben", "b")
        write_config(tmp_path, server.ports, [ADA, BEN])
        pid = int(server_pid(tmp_path / "log"))
        os.kill(pid, signal.SIGHUP)
        async with asyncio.timeout(30):
            await until_answered(lambda: is_let_in(server, "ben", "b"))
        assert server_pid(tmp_path / "log") == str(pid)


def server_pid(log: Path) -> str:
    return log.read_text().rpartition("[")[0].rpartition("[")[2].partition("]")[0]


async def test_the_next_start_is_at_the_same_address(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path, [ADA]) as server:
        first = server.url
    async with embedded_nats(tmp_path, [ADA]) as server:
        assert server.url == first


async def test_the_next_start_moves_when_its_address_is_taken(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path, [ADA]) as server:
        port = server.ports.client
    squatter = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with squatter, embedded_nats(tmp_path, [ADA]) as server:
        assert server.ports.client != port


async def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "jetstream").write_text("a file where the store should be")
    with pytest.raises(ChildFailed, match=str(tmp_path)):
        async with embedded_nats(tmp_path, [ADA]):
            pass
