"""Every route, asked by every kind of stranger, gives what tests/support/doors.py says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from proto import accounts, tasks
from proto.accounts import SESSIONS
from proto.base import Caller, new_id
from services.gateway.accounts.sessions import Grant, hashed
from services.gateway.routes import ROUTES
from services.runtime.bus import Bus
from tests.integration.gateway_parts import Browser, Front
from tests.support.doors import ANY, DOOR, IN, KIND_OF, STRANGERS, expected, named

pytest_plugins = ("tests.integration.gateway_fixtures",)

LEADING_OUT = "POST /sign-out"
"""Ends the session that it is asked with."""


class Stranger(msgspec.Struct):
    """Somebody at the door."""

    client: httpx.AsyncClient
    csrf: str = ""


@pytest.fixture(scope="session")
async def strangers(front: Front) -> dict[str, Stranger]:
    """One of each kind."""
    name = new_id()[-12:]
    guest, member, gone = [await front.browser(f"{kind}-{name}") for kind in ("guest", "member", "gone")]
    found = {
        "nobody": Stranger(await front.stranger(), "0" * 32),
        "expired": await expired(front, f"member-{name}"),
        "revoked": Stranger(gone.client, gone.csrf),
        "guest": Stranger(guest.client, guest.csrf),
        "member": Stranger(member.client, member.csrf),
        "void key": Stranger(await front.program(f"gone-{name}")),
        "guest key": Stranger(await front.program(f"guest-{name}")),
        "key": Stranger(await front.program(f"member-{name}")),
    }
    guests = accounts.ChangeAccount(user=f"guest-{name}", role="guest")
    await front.cli.call(accounts.CHANGE_ACCOUNT, guests)
    await front.cli.call(accounts.CHANGE_ACCOUNT, accounts.ChangeAccount(user=f"gone-{name}", state="disabled"))
    await front.cli.call(accounts.CHANGE_ACCOUNT, accounts.ChangeAccount(user=f"gone-{name}", state="active"))
    return found


async def expired(front: Front, user: str) -> Stranger:
    """A browser whose session has grown old."""
    client = await front.stranger()
    client.cookies.set(f"daimon_{front.port}", "old")
    async with Bus.open(front.nats.settings("gateway"), "gateway") as bus:
        grant = Grant(user=user, expires=datetime.now(UTC) - timedelta(seconds=1), id=new_id())
        await (await bus.kv(SESSIONS)).put(f"session.{hashed('old')}", msgspec.json.encode(grant))
    return Stranger(client, "0" * 32)


def concrete(path: str) -> str:
    return re.sub(r"\{\w+(:path)?\}", "x", path)


def put(route, csrf: str = "") -> dict[str, Any]:
    """What a request of this route carries."""
    if route.method != "POST":
        return {}
    by_program = KIND_OF[named(route)] in ("change", "program's change")
    return {"json": {}} if by_program else {"data": {"csrf": csrf}}


@pytest.mark.parametrize("route", [route for route in ROUTES if named(route) != LEADING_OUT], ids=named)
@pytest.mark.parametrize("kind", STRANGERS)
async def test_a_stranger_gets_what_is_meant_for_it(front: Front, strangers, route, kind):
    wanted, stranger = expected(route, kind), strangers[kind]
    path = concrete(route.path)
    if route.path == "/live" and wanted == IN:
        async with stranger.client.stream(route.method, path) as response:
            status, location = response.status_code, ""
    else:
        response = await stranger.client.request(route.method, path, **put(route, stranger.csrf))
        status, location = response.status_code, response.headers.get("location", "")
    if wanted == DOOR:
        assert (status, location) == (303, "/sign-in")
    elif wanted == IN:
        assert status not in {401, 403}, response.text
        assert location != "/sign-in"
        assert status != 500
    elif wanted != ANY:
        assert status == wanted, response.text
    else:
        assert status in {200, 401, 410, 429}


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=named)
@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
], ids=lambda headers: " ".join(headers.values()))  # fmt: skip
async def test_no_other_site_makes_anybody_do_anything(front: Front, strangers, route, headers):
    for kind in ("member", "key", "nobody"):
        wanted = expected(route, kind)
        stranger = strangers[kind]
        response = await stranger.client.post(concrete(route.path), headers=headers, **put(route, stranger.csrf))
        assert response.status_code == (403 if wanted in (IN, ANY) else wanted), (kind, response.text)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=named)
@pytest.mark.parametrize("token", ["", "0" * 32, "another's"])
async def test_a_form_without_the_right_token_does_nothing(front: Front, strangers, route, token):
    if KIND_OF[named(route)] in ("open form", "program's change"):
        return
    given = strangers["guest"].csrf if token == "another's" else token
    response = await strangers["member"].client.post(concrete(route.path), data={"csrf": given})
    assert response.status_code == 403


async def test_signing_out_is_for_those_who_are_in(front: Front, strangers):
    for kind in ("nobody", "expired", "revoked", "void key", "key"):
        response = await strangers[kind].client.post("/sign-out", data={"csrf": strangers[kind].csrf})
        assert response.headers["location"] == "/sign-in", kind
    guest = await front.browser(new_id())
    assert (await guest.post("/sign-out", htmx=False)).status_code == 303
    assert (await guest.client.get("/tasks")).status_code == 303


@pytest.fixture
async def bobs(front: Front) -> dict[str, str]:
    """Ids of things that are bob's."""
    user = f"bob-{new_id()[-12:]}"
    bob, program = await front.browser(user), await front.program(user)
    added = await front.cli.call(tasks.ADD, tasks.AddTask(title="bob's task"), caller=Caller(user=user))
    told = (await program.post("/api/chat/bobs", json={"text": "bob asks"})).json()
    settings = await bob.page("/settings/sessions") + await bob.page("/settings/keys")
    return {
        "{task}": added.task.id,
        "{event}": told["turn"],
        "{turn}": told["turn"],
        "{session}": re.search(r"/settings/sessions/([\w-]+)/revoke", settings)[1],
        "{key}": re.search(r"/settings/keys/([\w-]+)/revoke", settings)[1],
    }


@pytest.mark.parametrize("route", [
    route for route in ROUTES if re.search(r"\{(task|event|turn|session|key)\}", route.path)
], ids=named)  # fmt: skip
async def test_the_ids_of_others_are_not_found_and_that_is_logged(front: Front, ada, bobs, caplog, route):
    caplog.set_level("INFO", "daimon.gateway")
    browser: Browser = await front.browser(ada.user)
    path = route.path.replace("{conversation}", "bobs")
    for place, id_ in bobs.items():
        path = path.replace(place, id_)
    form = {"csrf": browser.csrf, "title": "mine now", "position": "1", "do": "regenerate", "way": "regenerate"}
    response = await browser.client.request(route.method, path, data=form if route.method == "POST" else None)
    assert response.status_code == 404, response.text
    assert "bob" not in re.sub(r"bobs", "", response.text)
    logged = [
        (record.route, record.code) for record in caplog.records if getattr(record, "action", "") == "http.refused"
    ]
    assert logged[-1] == (route.path, 404)


async def test_the_conversation_of_another_is_empty_by_that_name(front: Front, ada, bobs):
    program = await front.program(ada.user)
    read = (await program.get("/api/conversations/bobs")).json()
    assert read["exchanges"] == []
