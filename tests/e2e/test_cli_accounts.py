"""Accounts and API keys at the command line, against a whole running system."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from proto import errors, tasks
from proto.accounts import Account
from proto.base import Caller, new_id
from proto.keys import ApiKey
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings
from tests.support.whole import Whole

SECRET = "four quiet rivers sing"


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def test_a_key_is_made_listed_used_and_revoked(reflex: Whole, ada: str) -> None:
    made = await reflex.daimon("keys", "add", "laptop", "--days", "7", "--user", ada)
    assert made.code == 0
    assert "this once" in made.err
    secret = made.out.strip()
    async with httpx.AsyncClient(base_url=reflex.address, headers={"Authorization": f"Bearer {secret}"}) as client:
        listed = (await client.get("/v1/models")).json()
        assert [model["id"] for model in listed["data"]] == ["daimon"]
        asked = {"model": "daimon", "messages": [{"role": "user", "content": "add buy milk to my list"}]}
        answer = (await client.post("/v1/chat/completions", json=asked, timeout=30)).json()
        assert "buy milk" in answer["choices"][0]["message"]["content"]
        (key,) = msgspec.json.decode((await reflex.daimon("keys", "--json", "--user", ada)).out, type=list[ApiKey])
        assert key.name == "laptop"
        assert key.used
        assert secret not in (await reflex.daimon("keys", "list", "--user", ada)).out
        assert (await reflex.daimon("keys", "revoke", "laptop", "--user", ada)).code == 0
        assert (await client.get("/v1/models")).status_code == 401
    again = await reflex.daimon("keys", "revoke", "laptop", "--user", ada)
    assert (again.code, "There is no API key 'laptop'" in again.err) == (1, True)


async def test_a_user_is_invited_listed_disabled_and_deleted(reflex: Whole, ada: str) -> None:
    invited = await reflex.daimon("users", "add", ada, "--role", "guest")
    assert "asks for a password" in invited.err
    async with httpx.AsyncClient(timeout=30) as client:
        entered = await client.post(invited.out.strip(), data={"password": SECRET, "again": SECRET})
        assert entered.status_code == 303
        assert ada in (await reflex.daimon("users")).out
        assert (await reflex.daimon("users", "role", ada, "member")).out == f"{ada} is now member, active.\n"
        assert (await client.get(f"{reflex.address}/tasks")).status_code == 200
        assert (await reflex.daimon("users", "disable", ada)).code == 0
        assert (await client.get(f"{reflex.address}/tasks")).status_code == 303
    listed = msgspec.json.decode((await reflex.daimon("users", "--json")).out, type=list[Account])
    assert ("disabled", True) in [(account.state, account.password) for account in listed if account.name == ada]
    assert (await reflex.daimon("users", "delete", ada)).code == 0
    gone = await reflex.daimon("users", "add", ada)
    assert (gone.code, "deleted" in gone.err) == (1, True)


async def test_a_guests_program_only_reads_and_goes_with_its_user(reflex: Whole, ada: str) -> None:
    await reflex.daimon("users", "add", ada, "--role", "guest")
    name = f"view-{ada[-6:]}"
    url = (await reflex.daimon("credentials", "add", name, "--user", ada)).out.strip()
    caller = Caller(user=ada, actor=f"plugin-{name}")
    async with Bus.open(BusSettings(url=url, user=name), name) as bus:
        assert (await bus.call(tasks.LIST, tasks.ListTasks(), caller=caller)).tasks == ()
        with pytest.raises(errors.TimedOut):
            await bus.call(tasks.ADD, tasks.AddTask(title="mine"), caller=caller, timeout=1.0)
        assert (await bus.call(tasks.LIST, tasks.ListTasks(), caller=caller)).tasks == ()
    gone = await reflex.daimon("users", "disable", ada)
    assert f"The program {name}, which acted for {ada}, is let in no more." in gone.err
    with pytest.raises(errors.Unavailable):
        async with Bus.open(BusSettings(url=url, user=name), name, patience=1.0):
            pass
    again = await reflex.daimon("credentials", "add", name, "--user", ada)
    assert (again.code, "is disabled" in again.err) == (1, True)
