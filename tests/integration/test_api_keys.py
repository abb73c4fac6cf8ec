"""API keys: made once, kept only as a hash, void at once when revoked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from proto import errors, events, keys
from services.gateway.accounts.sessions import hashed
from tests.support.servers import free_port

pytest_plugins = ("tests.integration.gateway_fixtures",)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def listed(front, user) -> tuple[keys.ApiKey, ...]:
    return (await front.cli.call(keys.LIST_KEYS, keys.ListKeys(user=user))).keys


async def test_a_key_opens_the_interfaces_of_programs_and_no_page(front, ada):
    made = await front.key(ada.user)
    client = await front.stranger()
    for path in ("/v1/models", "/api/tasks", "/api/actions"):
        assert (await client.get(path, headers=bearer(made.secret))).status_code == 200
    for path in ("/", "/tasks", "/timeline"):
        assert (await client.get(path, headers=bearer(made.secret))).headers["location"] == "/sign-in"


async def test_a_key_acts_for_its_own_user(front, ada):
    program = await front.program(ada.user)
    assert (await program.post("/api/do", json={"text": "add buy milk to my list"})).status_code == 200
    assert [task["title"] for task in (await program.get("/api/tasks")).json()["tasks"]] == ["buy milk"]
    other = await front.program(f"bob-{ada.user}")
    assert (await other.get("/api/tasks")).json()["tasks"] == []


async def test_the_store_and_the_log_hold_no_secret(front, ada):
    made = await front.key(ada.user)
    raw = b"".join(path.read_bytes() for path in front.nats.directory.rglob("*.blk"))
    assert made.secret.encode() not in raw
    assert hashed(made.secret).encode() in raw


async def test_making_and_revoking_are_events(front, ada):
    made = await front.key(ada.user, "cron", days=7)
    await front.cli.call(keys.REVOKE_KEY, keys.RevokeKey(user=ada.user, key="cron"))
    log = await front.cli.journal.read(events.of_user(ada.user))
    until = f"{made.key.expires:%Y-%m-%d}"
    assert [each.event.sentence for each in log] == [
        f"Made the API key 'cron', valid until {until}",
        "Revoked the API key 'cron'",
    ]


async def test_a_key_that_is_used_says_when(front, ada):
    program = await front.program(ada.user)
    assert (await listed(front, ada.user))[0].used is None
    assert (await program.get("/v1/models")).status_code == 200
    (key,) = await listed(front, ada.user)
    assert datetime.now(UTC) - key.used < timedelta(minutes=1)


async def test_a_revoked_key_is_void_at_every_gateway_at_once(own_front, ada):
    address = await own_front.gateway("second", free_port())
    made = await own_front.key(ada.user, "old")
    here, there = await own_front.stranger(), await own_front.stranger(address)
    for client in (here, there):
        client.headers.update(bearer(made.secret))
        assert (await client.get("/api/tasks")).status_code == 200
    await own_front.cli.call(keys.REVOKE_KEY, keys.RevokeKey(user=ada.user, key=made.key.id))
    async with asyncio.timeout(30):
        for client in (here, there):
            while (await client.get("/api/tasks")).status_code != 401:
                pass


async def test_a_key_grows_old(front, ada, monkeypatch):
    made = await front.key(ada.user, days=1)
    client = await front.stranger()
    assert (await client.get("/api/tasks", headers=bearer(made.secret))).status_code == 200
    monkeypatch.setattr("services.gateway.accounts.sessions.Session.stale", property(lambda _: True))
    assert (await client.get("/api/tasks", headers=bearer(made.secret))).status_code == 401


async def test_keys_outlive_the_gateway(own_front, ada):
    made = await own_front.key(ada.user)
    await own_front.stop("gateway")
    await own_front.gateway()
    client = await own_front.stranger()
    assert (await client.get("/api/tasks", headers=bearer(made.secret))).status_code == 200


async def test_nobody_revokes_the_key_of_another(front, ada):
    made = await front.key(ada.user, "mine")
    for name in ("mine", made.key.id, ""):
        with pytest.raises(errors.Missing):
            await front.cli.call(keys.REVOKE_KEY, keys.RevokeKey(user="bob", key=name))
    assert len(await listed(front, ada.user)) == 1


async def test_of_two_keys_of_one_name_neither_is_revoked_by_it(front, ada):
    first, _ = await asyncio.gather(front.key(ada.user, "same"), front.key(ada.user, "same"))
    with pytest.raises(errors.Ambiguous, match="2 API keys"):
        await front.cli.call(keys.REVOKE_KEY, keys.RevokeKey(user=ada.user, key="same"))
    await front.cli.call(keys.REVOKE_KEY, keys.RevokeKey(user=ada.user, key=first.key.id))
    assert len(await listed(front, ada.user)) == 1
