"""Accounts: invited, signed in by password, slowed down, given roles, and out at once when they are to be."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

import httpx
import pytest

from proto import accounts, errors, events
from proto.base import Nothing
from tests.integration.gateway_parts import Browser, Front
from tests.support.servers import free_port

pytest_plugins = ("tests.integration.gateway_fixtures",)

SECRET = "four quiet rivers sing"


async def invited(front: Front, name: str, role: accounts.Role = "member", password: str = SECRET) -> Browser:
    """Come in by an invitation, choosing a password."""
    invite = accounts.Invite(user=name, role=role, welcome=True)
    link = (await front.cli.call(accounts.INVITE, invite)).path
    client = await front.stranger()
    entered = await client.post(link, data={"password": password, "again": password})
    assert entered.status_code == 303, entered.text
    return Browser(client, csrf_in((await client.get("/settings")).text))


async def sign_in(front: Front, name: str, password: str = SECRET, address: str = "") -> httpx.Response:
    client = await front.stranger(address)
    return await client.post("/sign-in", data={"name": name, "password": password})


async def change(front: Front, name: str, **changed: str) -> accounts.Account:
    return await front.cli.call(accounts.CHANGE_ACCOUNT, accounts.ChangeAccount(user=name, **changed))


async def sentences(front: Front, user: str) -> list[str]:
    return [each.event.sentence for each in await front.cli.journal.read(events.of_user(user))]


def csrf_in(page: str) -> str:
    return re.search(r'name="csrf" value="(\w+)"', page)[1]


async def test_who_is_invited_chooses_a_password_and_signs_in_with_it(front, ada):
    await invited(front, ada.user)
    entered = await sign_in(front, ada.user.upper())
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "Signed in by password" in await sentences(front, ada.user)


@pytest.mark.parametrize(("password", "again", "says"), [
    ("short", "short", "at least 10"), (SECRET, SECRET + "x", "not the same"), ("", "", "at least 10"),
    ("x" * 201, "x" * 201, "at most 200"),
])  # fmt: skip
async def test_an_invitation_outlives_a_password_that_is_no_good(front, ada, password, again, says):
    link = (await front.cli.call(accounts.INVITE, accounts.Invite(user=ada.user, welcome=True))).path
    client = await front.stranger()
    refused = await client.post(link, data={"password": password, "again": again})
    assert refused.status_code == 400
    assert says in refused.text
    assert (await client.post(link, data={"password": SECRET, "again": SECRET})).status_code == 303


async def test_a_wrong_password_and_a_wrong_name_read_the_same(front, ada):
    await invited(front, ada.user)
    wrong, nobody = await sign_in(front, ada.user, "wrong wrong wrong"), await sign_in(front, f"no-{ada.user}")
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.text.replace(ada.user, "x") == nobody.text.replace(f"no-{ada.user}", "x")
    assert "do not belong together" in wrong.text
    async with asyncio.timeout(10):
        while "Somebody at 127.0.0.1 gave a wrong password" not in await sentences(front, ada.user):
            pass


async def test_an_account_without_a_password_is_not_opened_by_an_empty_one(front, ada):
    await front.browser(ada.user)
    for password in ("", "nobody", "None"):
        assert (await sign_in(front, ada.user, password)).status_code == 401


async def test_guessing_is_slowed_down_at_every_gateway(own_front, ada, monkeypatch):
    monkeypatch.setattr("services.gateway.accounts.throttle.FIRST", 60.0)
    address = await own_front.gateway("second", free_port())
    await invited(own_front, ada.user)
    for number in range(5):
        there = address if number % 2 else ""
        assert (await sign_in(own_front, ada.user, "wrong wrong wrong", there)).status_code == 401
    for there in (address, ""):
        refused = await sign_in(own_front, ada.user, SECRET, there)
        assert refused.status_code == 429
        assert "let through in" in refused.text
    assert (await sign_in(own_front, "somebody else", "wrong wrong wrong")).status_code == 401


async def test_many_guesses_at_once_are_slowed_down_too(own_front, ada, monkeypatch):
    monkeypatch.setattr("services.gateway.accounts.throttle.FIRST", 60.0)
    await invited(own_front, ada.user)
    found = await asyncio.gather(*(sign_in(own_front, ada.user, f"wrong wrong {n}") for n in range(12)))
    assert sorted(answer.status_code for answer in found).count(401) == 5


async def test_the_store_and_the_log_hold_no_password(front, ada):
    await invited(front, ada.user, password="very unlikely phrase")
    raw = b"".join(path.read_bytes() for path in front.nats.directory.rglob("*.blk"))
    assert b"very unlikely phrase" not in raw
    assert b"$argon2id$" in raw


async def test_a_new_password_signs_the_other_browsers_out(front, ada):
    here = await invited(front, ada.user)
    there = await front.browser(ada.user)
    new = "five loud rivers sing"
    wrong = await here.post("/settings/password", htmx=False, current="no", password=new, again=new)
    assert wrong.status_code == 403
    assert (await there.client.get("/tasks")).status_code == 200
    done = await here.post("/settings/password", htmx=False, current=SECRET, password=new, again=new)
    assert done.status_code == 303
    assert (await here.client.get("/tasks")).status_code == 200
    assert (await there.client.get("/tasks")).status_code == 303
    assert (await sign_in(front, ada.user)).status_code == 401
    assert (await sign_in(front, ada.user, new)).status_code == 303


async def test_sessions_are_listed_and_ended_by_their_owner_alone(front, ada):
    here, there = await front.browser(ada.user), await front.browser(ada.user)
    bob = await front.browser(f"bob-{ada.user}")
    ids = set(re.findall(r"/settings/sessions/([\w-]+)/revoke", await here.page("/settings/sessions")))
    assert len(ids) == 2
    assert "This browser" in await here.page("/settings/sessions")
    for one in ids:
        assert (await bob.post(f"/settings/sessions/{one}/revoke", htmx=False)).status_code == 404
    first = re.search(
        r"This browser.*?/settings/sessions/([\w-]+)/revoke", await there.page("/settings/sessions"), re.DOTALL
    )
    async with there.live(tasks="1") as stream:
        assert (await here.post(f"/settings/sessions/{first[1]}/revoke", htmx=False)).status_code == 303
        await stream.end()
    assert (await there.client.get("/tasks")).status_code == 303
    assert (await here.client.get("/tasks")).status_code == 200
    assert f"{ada.user} signed a browser out" in await sentences(front, ada.user)


async def test_the_owner_sees_everybodys_sessions_and_users_and_others_do_not(front, ada):
    owner, member = await front.browser("owner"), await front.browser(ada.user)
    assert ada.user in await owner.page("/settings/sessions")
    assert ada.user in await owner.page("/settings/users")
    assert "owner" not in re.sub(r"an owner", "", await member.page("/settings/sessions"))
    refused = await member.page("/settings/users", status=403)
    assert "Only an owner" in refused
    for path in ("/settings/users", f"/settings/users/{ada.user}"):
        assert (await member.post(path, htmx=False, name="eve", role="owner", state="active")).status_code == 403


async def test_of_many_accounts_the_newest_are_shown_and_the_others_found(front, ada, monkeypatch):
    monkeypatch.setattr("services.gateway.pages.settings_pages.SHOWN_USERS", 2)
    owner = await front.browser("owner")
    for number in range(3):
        await owner.post("/settings/users", htmx=False, name=f"{ada.user}-{number}", role="guest")
    page = await owner.page("/settings/users")
    assert "more are found by name" in page
    assert f"{ada.user}-2" in page
    assert f"{ada.user}-0" not in page
    assert f"{ada.user}-0" in await owner.page(f"/settings/users?q={ada.user.upper()}-0")


async def test_the_owner_invites_from_the_page(front, ada):
    owner = await front.browser("owner")
    page = (await owner.post("/settings/users", htmx=False, name=ada.user, role="guest")).text
    link = urlsplit(re.search(r"<pre[^>]*>(http[^<]+/in/[^<]+)</pre>", page)[1]).path
    client = await front.stranger()
    assert ada.user in (await client.get(link)).text
    assert (await client.post(link)).status_code == 400
    assert (await client.post(link, data={"password": SECRET, "again": SECRET})).status_code == 303
    assert "a guest" in (await client.get("/settings")).text


async def test_a_disabled_account_is_out_at_once_with_its_keys_and_streams(front, ada):
    browser, program = await invited(front, ada.user), await front.program(ada.user)
    link = await front.link(ada.user)
    async with browser.live(tasks="1") as stream:
        await change(front, ada.user, state="disabled")
        await stream.end()
    assert (await browser.client.get("/tasks")).status_code == 303
    assert (await program.get("/api/tasks")).status_code == 401
    assert (await sign_in(front, ada.user)).status_code == 401
    assert (await (await front.stranger()).post(link)).status_code == 410
    with pytest.raises(errors.Refused, match="disabled"):
        await front.link(ada.user)
    await change(front, ada.user, state="active")
    assert (await browser.client.get("/tasks")).status_code == 303
    assert (await sign_in(front, ada.user)).status_code == 303


async def test_a_deleted_name_is_never_used_again(front, ada):
    await invited(front, ada.user)
    await change(front, ada.user, state="deleted")
    assert (await sign_in(front, ada.user)).status_code == 401
    for name in (ada.user, ada.user.upper()):
        with pytest.raises(errors.Refused, match="deleted"):
            await front.link(name)
    listed = await front.cli.call(accounts.LIST_ACCOUNTS, Nothing())
    assert ada.user not in [account.name for account in listed.accounts]
    with pytest.raises(errors.Missing):
        await change(front, ada.user, state="active")


async def test_a_guest_may_look_and_not_change(front, ada):
    browser, program = await invited(front, ada.user, "guest"), await front.program(ada.user)
    assert (await browser.client.get("/tasks")).status_code == 200
    assert (await program.get("/api/tasks")).status_code == 200
    refused = await browser.post("/tasks", htmx=False, title="milk")
    assert (refused.status_code, "may look" in refused.text) == (403, True)
    for path, body in (("/api/do", {"text": "add milk to my list"}), ("/v1/chat/completions", {"messages": []})):
        assert (await program.post(path, json=body)).status_code == 403
    await change(front, ada.user, role="member")
    assert (await browser.post("/tasks", htmx=False, title="milk")).status_code == 303


async def test_there_is_always_an_owner(own_front):
    await own_front.browser("owner")
    for changed in ({"role": "member"}, {"state": "disabled"}, {"state": "deleted"}):
        with pytest.raises(errors.Refused, match="only owner"):
            await change(own_front, "owner", **changed)
    await own_front.browser("second")
    await change(own_front, "second", role="owner")
    assert (await change(own_front, "owner", role="member")).role == "member"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "a\n", "<b>", "ﬁne", "*", ">"])
async def test_a_name_that_cannot_be_is_refused(front, name):
    owner = await front.browser("owner")
    assert (
        await owner.post("/settings/users", htmx=False, name=name, role="member")
    ).status_code == 400 or name == "a\n"


async def test_signing_in_works_with_the_database_away_and_outlives_the_gateway(own_front, ada):
    await invited(own_front, ada.user)
    await own_front.stop("gateway")
    await own_front.gateway()
    assert (await sign_in(own_front, ada.user)).status_code == 303


async def test_another_site_cannot_sign_a_browser_in(front, ada):
    await invited(front, ada.user)
    client = await front.stranger()
    form = {"name": ada.user, "password": SECRET}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await client.post("/sign-in", data=form, headers=headers)).status_code == 403
    assert not client.cookies


async def test_keys_are_made_shown_once_and_revoked_on_the_page(front, ada):
    browser = await front.browser(ada.user)
    page = (await browser.post("/settings/keys", htmx=False, name="laptop", days="30")).text
    secret = re.search(r"<pre[^>]*>(daimon-[\w-]+)</pre>", page)[1]
    client = await front.stranger()
    client.headers["Authorization"] = f"Bearer {secret}"
    assert (await client.get("/api/tasks")).status_code == 200
    page = await browser.page("/settings/keys")
    assert "laptop" in page
    assert secret not in page
    (key,) = re.findall(r"/settings/keys/([\w-]+)/revoke", page)
    bob = await front.browser(f"bob-{ada.user}")
    assert (await bob.post(f"/settings/keys/{key}/revoke", htmx=False)).status_code == 404
    assert (await browser.post(f"/settings/keys/{key}/revoke", htmx=False)).status_code == 303
    assert (await client.get("/api/tasks")).status_code == 401
    for form in ({"name": ""}, {"name": "x", "days": "many"}, {"name": "x", "days": "9999"}):
        assert (await browser.post("/settings/keys", htmx=False, **form)).status_code == 400
