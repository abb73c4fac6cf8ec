"""What people type and post: read exactly, or refused in a sentence."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from proto.chat import MESSAGE_LIMIT
from proto.errors import Failure, Invalid, TooLarge
from services.gateway import outage
from services.gateway.live.stream import framed
from services.gateway.message import read_form, said


@pytest.mark.parametrize(("typed", "mode", "text", "chosen", "switched"), [
    ("hello", "chat", "hello", "chat", False),
    ("hello", "command", "hello", "command", False),
    ("hello", "nonsense", "hello", "chat", False),
    ("  hello\n", "chat", "hello", "chat", False),
    ("/command add milk", "chat", "add milk", "command", True),
    ("/chat how are you", "command", "how are you", "chat", True),
    ("  /command\nadd milk", "chat", "add milk", "command", True),
    ("/command", "chat", "", "command", True),
    ("/chat  ", "command", "", "chat", True),
    ("/chatty words", "chat", "/chatty words", "chat", False),
    ("/commando", "chat", "/commando", "chat", False),
    ("say /command", "chat", "say /command", "chat", False),
    ("/", "chat", "/", "chat", False),
])  # fmt: skip
def test_a_message_and_its_mode(typed, mode, text, chosen, switched):
    found = said(typed, mode)
    assert (found.text, found.mode, found.switched) == (text, chosen, switched)


@pytest.mark.parametrize("typed", ["", " ", "\n\t \n"])
def test_an_empty_message_is_refused_in_a_sentence(typed):
    with pytest.raises(Invalid, match="nothing in the message"):
        said(typed, "chat")


def test_a_message_may_be_as_long_as_the_limit_and_no_longer():
    assert len(said("x" * MESSAGE_LIMIT, "chat").text) == MESSAGE_LIMIT
    with pytest.raises(TooLarge, match="200,001 characters"):
        said("x" * (MESSAGE_LIMIT + 1), "chat")
    with pytest.raises(TooLarge):
        said("/command " + "x" * (MESSAGE_LIMIT + 1), "chat")


@pytest.mark.parametrize(
    "text", ["", "a=b&c", "ä ö 日本 🙂", "line\nline", "\u202ertl", "%41+%2B", "x" * 10_000, "a\n" * 10_000]
)
def test_a_form_is_read_as_it_was_written(text):
    body = f"csrf=1&text={quote_plus(text)}".encode()
    assert read_form(body) == {"csrf": "1", "text": text}


def test_line_ends_are_read_as_everywhere_else():
    assert read_form(b"text=a%0D%0Ab%0Dc%0Ad") == {"text": "a\nb\nc\nd"}


@pytest.mark.parametrize("body", [
    b"text=%ff%fe",
    b"text=%C3%28",
    "text=ä".encode(),
    b"\x00\x01\xff",
    b"text=a%00b",
    b"&".join(b"f%d=1" % number for number in range(100)),
])  # fmt: skip
def test_what_is_not_a_form_is_refused_in_a_sentence(body):
    with pytest.raises(Failure) as caught:
        read_form(body)
    assert caught.value.code == 400
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(("text", "wire"), [
    ("one", b"data: one\n\n"),
    ("one\ntwo", b"data: one\ndata: two\n\n"),
    ("one\r\ntwo\rthree", b"data: one\ndata: two\ndata: three\n\n"),
    ("\n", b"data: \ndata: \n\n"),
    ("data: x\n\nevent: y", b"data: data: x\ndata: \ndata: event: y\n\n"),
    ("", b":\n\n"),
    ("\ud800", b"data: ?\n\n"),
    ("a\u2028b\x0bc", "data: a\u2028b\x0bc\n\n".encode()),
])  # fmt: skip
def test_fragments_are_framed_so_that_no_text_can_end_an_event(text, wire):
    assert framed(text) == wire


def test_the_page_of_last_resort_holds_the_sentence_as_text():
    page = outage.page("<b>The bus</b> is away", "app.0123.css", retries=True)
    assert "&lt;b&gt;The bus&lt;/b&gt;" in page
    assert "/static/app.0123.css" in page
    assert "by itself" in page
    assert "<link" not in outage.page("x", "", retries=False)
    assert "&lt;b&gt;" in outage.notice("<b>")
