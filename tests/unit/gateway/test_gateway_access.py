"""Who is let in: the one decision, the hosts we answer to, the headers of every answer."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from proto.errors import Refused
from services.gateway.accounts.access import Knock, NotSignedIn, Who, csrf, decide
from services.gateway.shield import HEADERS, Shield

OURS = ("http://127.0.0.1:8400", "https://daimon.example")
READ = Knock(method="GET", who=Who.SIGNED_IN, user="ada", role="member", expected="token", ours=OURS)
POST = replace(READ, method="POST", given="token", fetch_site="same-origin")


def allowed(knock: Knock, **changed: object) -> bool:
    try:
        decide(replace(knock, **changed))
    except (Refused, NotSignedIn):
        return False
    return True


def test_a_route_that_names_nobody_is_closed_to_everybody():
    assert not allowed(READ, who=None)
    assert not allowed(POST, who=None)


def test_a_stranger_is_sent_to_the_door():
    with pytest.raises(NotSignedIn):
        decide(replace(READ, user=""))
    with pytest.raises(NotSignedIn):
        decide(replace(POST, user=""))


@pytest.mark.parametrize(("role", "least", "method", "let_in"), [
    ("guest", None, "GET", True), ("guest", None, "POST", False), ("guest", "guest", "POST", True),
    ("member", None, "POST", True), ("member", "owner", "GET", False), ("member", "owner", "POST", False),
    ("owner", "owner", "POST", True), ("guest", "owner", "GET", False), ("guest", "member", "GET", False),
])  # fmt: skip
@pytest.mark.parametrize("by_key", [True, False])
def test_a_role_may_do_what_it_may(role, least, method, let_in, by_key):
    assert allowed(replace(POST, role=role, least=least, method=method, by_key=by_key)) is let_in


def test_a_key_is_proof_enough_but_not_for_another_site():
    by_key = replace(POST, who=Who.PROGRAM, by_key=True, given="", expected="")
    assert allowed(by_key, fetch_site="")
    assert not allowed(by_key, fetch_site="cross-site")
    assert not allowed(by_key, fetch_site="", origin="http://evil.example")
    assert not allowed(by_key, user="")


def test_open_routes_are_open():
    assert allowed(READ, who=Who.ANYONE, user="")
    assert allowed(POST, who=Who.ANYONE, user="", given="", expected="", fetch_site="none")


def test_reading_needs_no_token():
    assert allowed(READ, given="", fetch_site="cross-site")


@pytest.mark.parametrize("changed", [
    {},
    {"fetch_site": "none"},
    {"fetch_site": "", "origin": ""},
    {"fetch_site": "", "origin": "null"},
    {"fetch_site": "", "origin": OURS[0]},
    {"fetch_site": "", "origin": OURS[1]},
    {"given": "", "media_type": "application/json"},
])  # fmt: skip
def test_our_own_pages_may_post(changed):
    assert allowed(POST, **changed)


@pytest.mark.parametrize("changed", [
    {"given": ""},
    {"given": "other"},
    {"given": "tökén"},
    {"given": "\udcff"},
    {"expected": "", "given": ""},
    {"fetch_site": "cross-site"},
    {"fetch_site": "same-site"},
    {"fetch_site": "cross-site", "origin": OURS[0]},
    {"fetch_site": "", "origin": "http://evil.example"},
    {"fetch_site": "", "origin": "http://127.0.0.1:9999"},
    {"fetch_site": "cross-site", "given": "", "media_type": "application/json"},
    {"fetch_site": "", "origin": "http://evil.example", "media_type": "application/json"},
    {"given": "", "media_type": "text/plain"},
    {"given": "", "media_type": "application/json; charset=utf-8"},
])  # fmt: skip
def test_other_sites_may_not_post(changed):
    assert not allowed(POST, **changed)


def test_a_stranger_from_another_site_cannot_use_a_link_up():
    assert not allowed(POST, who=Who.ANYONE, user="", fetch_site="cross-site")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get"])
def test_every_method_but_reading_needs_the_token(method):
    assert not allowed(POST, method=method, given="")


def test_tokens_belong_to_one_session():
    assert csrf("one") != csrf("two")
    assert csrf("one") == csrf("one")
    assert csrf("") == ""


@pytest.mark.parametrize(("host", "ours"), [
    ("127.0.0.1:8400", True),
    ("localhost", True),
    ("LOCALHOST:1", True),
    ("[::1]:8400", True),
    ("daimon.example", True),
    ("daimon.example:443", True),
    ("evil.example", False),
    ("127.0.0.1.evil.example", False),
    ("evil.example:8400", False),
    ("daimon.example.evil.example", False),
    ("user@evil.example", False),
    ("127.0.0.1@evil.example", False),
    ("evil.example#127.0.0.1", False),
    ("0.0.0.0", False),
    ("192.168.1.2", False),
    ("[::1", False),
    ("", False),
])  # fmt: skip
def test_only_our_own_names_are_answered(host, ours):
    assert Shield(never, "https://daimon.example").ours(host) is ours


async def never(scope, receive, send):
    raise AssertionError("the application was reached")


async def answered(app, host: bytes) -> list[dict]:
    sent = []

    async def send(message):
        sent.append(message)

    await Shield(app, "")({"type": "http", "headers": [(b"host", host)]}, None, send)
    return sent


async def test_another_name_gets_nowhere():
    start, body = await answered(never, b"evil.example")
    assert start["status"] == 421
    assert b"daimon link" in body["body"]


async def test_every_answer_keeps_the_browser_strict():
    async def plain(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"max-age=1")]})

    (start,) = await answered(plain, b"localhost")
    headers = dict(start["headers"])
    for name, value in HEADERS.items():
        assert headers[name.lower().encode()] == (b"max-age=1" if name == "Cache-Control" else value.encode())
    assert b"unsafe" not in headers[b"content-security-policy"]
    assert len(start["headers"]) == len(HEADERS)
