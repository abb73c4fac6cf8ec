"""Files over HTTP: handed in by form or as they are, fetched by their owner alone."""

from __future__ import annotations

import hashlib
import os

import pytest

from proto import documents
from proto.base import new_id
from services.memory.uploads import Uploads
from services.runtime.bus import Bus
from tests.integration.gateway_parts import Browser, Front

pytest_plugins = ("tests.integration.gateway_fixtures",)
PLACE = "/api/files/talk"
FORM = "multipart/form-data; boundary=x"


@pytest.fixture(scope="module", autouse=True)
async def _memory(front: Front):
    """The call of memory that uploads need."""
    async with Bus.open(front.nats.settings("memory"), "memory") as bus:
        await bus.serve("memory", {documents.ADD: Uploads(bus).add})
        yield


async def sent(browser: Browser, content: bytes, name: str) -> dict:
    response = await browser.client.post(
        PLACE, params={"csrf": browser.csrf}, files={"file": (name, content, "text/plain")}
    )
    assert response.status_code == 201, response.text
    return response.json()


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_000_003])
async def test_a_file_in_a_form_comes_back_as_it_was(browser: Browser, size):
    content = os.urandom(size)
    told = await sent(browser, content, 'Ünï "code".txt')
    assert told["document"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert told["document"]["name"] == 'Ünï "code".txt'
    assert "not in the box yet" in told["note"], "no sandbox runs here, and the file is kept all the same"
    fetched = await browser.client.get(told["link"])
    assert fetched.content == content
    assert fetched.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%C3%9Cn%C3%AF")
    assert fetched.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in fetched.headers["content-security-policy"]


async def test_a_body_that_is_the_file_itself_is_taken_too(browser: Browser):
    response = await browser.client.post(
        PLACE, params={"name": "a.bin"}, content=b"raw", headers={"X-CSRF": browser.csrf, "Content-Type": "image/png"}
    )
    assert response.json()["document"]["name"] == "a.bin"
    assert response.json()["document"]["media_type"] == "image/png"


async def test_fields_before_the_file_and_marks_within_it_do_no_harm(browser: Browser):
    content = b"\r\n--x\r\n\r\n--" * 1000
    response = await browser.client.post(
        PLACE, params={"csrf": browser.csrf}, data={"note": "hi"}, files={"file": ("a", content)}
    )
    told = response.json()
    assert (await browser.client.get(told["link"])).content == content


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n", FORM, "no file"),
        (b"--x\r\n" + b"A: b\r\n" * 9000, FORM, "not one that browsers send"),
        (b'--x\r\nContent-Disposition: form-data; name=a; filename="f"\r\n\r\nhalf', FORM, "ended before"),
        (b"", "multipart/form-data", "where its parts end"),
    ],
)
async def test_a_broken_form_is_refused_in_words(browser: Browser, content, kind, says):
    response = await browser.client.post(
        PLACE, params={"csrf": browser.csrf}, content=content, headers={"Content-Type": kind}
    )
    assert response.status_code == 400
    assert says in response.json()["detail"]


async def test_a_form_that_can_hold_no_file_is_told_so(browser: Browser):
    response = await browser.client.post(PLACE, data={"csrf": browser.csrf})
    assert (response.status_code, "Choose one" in response.text) == (400, True)


async def test_another_user_cannot_fetch_it_and_is_told_nothing_of_it(front: Front, browser: Browser):
    told = await sent(browser, b"secret", "s.txt")
    bob = await front.browser(f"bob-{new_id()}")
    theirs, nowhere = await bob.client.get(told["link"]), await bob.client.get(f"/files/{'0' * 64}/s.txt")
    assert theirs.status_code == nowhere.status_code == 404
    for path in ("/files/*/x", "/files/%3E/x", "/files/..%2f..%2fetc/passwd"):
        assert (await bob.client.get(path)).status_code == 404
