"""Getting in and out."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from proto import events
from services.gateway.gate import Gate
from services.gateway.settings import GatewaySettings
from tests.integration.gateway_parts import Front
from tests.support.servers import free_port

pytest_plugins = ("tests.integration.gateway_fixtures",)


async def kinds(front: Front, user: str) -> list[str]:
    return [found.event.kind for found in await front.cli.journal.read(events.of_user(user))]


async def test_a_stranger_is_told_how_to_get_in(front):
    client = await front.stranger()
    sent_on = await client.get("/")
    assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/sign-in")
    door = await client.get("/sign-in")
    assert door.status_code == 200
    assert "daimon link" in door.text


async def test_a_link_signs_one_browser_in_once(front, ada):
    link = await front.link(ada.user)
    first, second = await front.stranger(), await front.stranger()
    assert "Open Daimon" in (await first.get(link)).text
    entered = await first.post(link)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert (await first.get("/tasks")).status_code == 200
    used = await second.post(link)
    assert used.status_code == 410
    assert "daimon link" in used.text
    assert (await second.get("/tasks")).status_code == 303
    assert (await second.get(link)).status_code == 410


async def test_looking_at_a_link_does_not_use_it_up(front, ada):
    link = await front.link(ada.user)
    client = await front.stranger()
    for _ in range(3):
        assert (await client.get(link)).status_code == 200
        assert (await client.head(link)).status_code == 200
    assert (await client.post(link)).status_code == 303


async def test_of_many_who_use_a_link_at_once_one_gets_in(front, ada):
    link = await front.link(ada.user)
    clients = [await front.stranger() for _ in range(12)]
    answers = await asyncio.gather(*(client.post(link) for client in clients))
    found = sorted(answer.status_code for answer in answers)
    assert found == [303] + [410] * 11


async def test_a_link_grows_old(own_front, ada, monkeypatch):
    link = await own_front.link(ada.user)
    monkeypatch.setattr("services.gateway.accounts.sessions.Grant.stale", property(lambda _: True))
    assert (await (await own_front.stranger()).post(link)).status_code == 410


async def test_a_link_for_nobody_is_for_the_owner(own_front):
    browser = await own_front.browser("")
    assert ">owner<" in await browser.page("/tasks")


async def test_the_store_holds_no_secret(front, ada):
    link = await front.link(ada.user)
    client = await front.stranger()
    await client.post(link)
    (secret,) = client.cookies.values()
    raw = b"".join(path.read_bytes() for path in front.nats.directory.rglob("*.blk"))
    for hidden in (secret, link.removeprefix("/in/")):
        assert hidden.encode() not in raw
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in raw


async def test_signing_in_and_out_are_events(front, ada):
    browser = await front.browser(ada.user)
    assert (await browser.post("/sign-out", htmx=False)).status_code == 303
    found = await kinds(front, ada.user)
    assert (found[0], found[-1]) == ("session.opened", "session.closed")


async def test_opening_a_page_is_an_event_and_following_it_is_none(front, ada):
    async with front.cli.follow(events.of_noun("page", ada.user)) as visits:
        browser = await front.browser(ada.user)
        await browser.page("/mind/actions")
        # A visit is recorded once its page is on its way, so two that follow each other closely may change places.
        seen = [await visits.next(), await visits.next()]
        assert {visit.sentence for visit in seen} == {"Opened /tasks", "Opened /mind/actions"}
        assert {(visit.kind, visit.actor) for visit in seen} == {("page.visited", "user")}
        async with browser.live(tasks="1"):
            await browser.client.get("/tasks", headers={"HX-Request": "true"})
            await browser.page("/memory?q=a+secret+thought")
        assert (await visits.next()).sentence == "Opened /memory"


async def test_signing_out_ends_the_session_and_its_streams_at_once(front, browser):
    async with browser.live(tasks="1") as stream:
        await browser.post("/sign-out")
        await stream.end()
    assert (await browser.client.get("/tasks")).status_code == 303


async def test_signing_out_at_one_gateway_signs_out_at_all(own_front, ada):
    address = await own_front.gateway("second", free_port())
    here = await own_front.browser(ada.user)
    there = await own_front.stranger(address)
    there.cookies.set(f"daimon_{address.rpartition(':')[2]}", next(iter(here.client.cookies.values())))
    assert (await there.get("/tasks")).status_code == 200
    async with there.stream("GET", "/live?tasks=1", timeout=10) as response:
        await here.post("/sign-out")
        async for _ in response.aiter_bytes():
            pass
    assert (await there.get("/tasks")).status_code == 303


async def test_sessions_outlive_the_gateway(own_front, ada):
    browser = await own_front.browser(ada.user)
    await own_front.stop("gateway")
    await own_front.gateway()
    assert (await browser.client.get("/tasks")).status_code == 200


async def test_a_forged_cookie_opens_nothing(front):
    client = await front.stranger()
    for value in ("", "x", "a" * 43, "%00", "../..", "session.abc"):
        client.cookies.set(f"daimon_{front.port}", value)
        assert (await client.get("/tasks")).status_code == 303


@pytest.mark.parametrize(("origin", "secure", "name"), [
    ("", False, "daimon_8400"), ("https://daimon.example", True, "__Host-daimon"),
])  # fmt: skip
def test_cookies_ask_for_https_where_there_is_https(origin, secure, name):
    settings = GatewaySettings(origin=origin)
    assert settings.secure is secure
    assert Gate.cookie.fget(type("Any", (), {"settings": settings})()) == name


async def test_the_cookie_is_kept_from_scripts_and_other_sites(front, ada):
    answer = await (await front.stranger()).post(await front.link(ada.user))
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=2592000" in cookie
    assert "secure" not in cookie
    assert len(cookie.partition("=")[2].partition(";")[0]) >= 43
