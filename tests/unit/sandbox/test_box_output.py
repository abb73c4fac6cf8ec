"""Long output is cut in the middle, and says so."""

from __future__ import annotations

from services.sandbox.agent.frames import ERR, OUT
from services.sandbox.output import Output
from services.sandbox.truncate import Clip


def clipped(most: int, *chunks: bytes) -> Clip:
    clip = Clip(most)
    for chunk in chunks:
        clip.add(chunk)
    return clip


def test_short_output_is_kept_as_it_is():
    clip = clipped(10, b"12345", b"67890")
    assert clip.text() == "1234567890"
    assert not clip.truncated


def test_one_byte_more_is_cut_in_the_middle():
    clip = clipped(10, b"12345", b"678901")
    assert clip.truncated
    assert clip.text() == "12345\n… 1 bytes left out here …\n78901"


def test_the_cut_names_the_file_that_has_everything():
    assert "the whole is in /home/box/x" in clipped(4, b"1234567").text("/home/box/x")


def test_a_letter_of_several_bytes_is_not_cut_in_two():
    text = clipped(10, "ä".encode() * 100).text()
    assert text.startswith("ää\n…")
    assert text.endswith("…\nää")


def test_a_hundred_megabytes_are_held_in_little_memory():
    clip = Clip(1000)
    for _ in range(1600):
        clip.add(b"x" * 65536)
    assert len(clip._head) + len(clip._tail) < 3 * 65536
    assert len(clip.text()) < 1100


def test_bytes_that_are_no_text_are_shown_as_such():
    assert clipped(10, b"a\xffb").text() == "a�b"


def test_output_is_passed_on_while_it_comes_without_splitting_letters():
    heard: list[tuple[str, str]] = []
    output = Output(100, lambda name, text: heard.append((name, text)))
    output.take(OUT, "ä".encode()[:1])
    output.take(OUT, "ä".encode()[1:])
    output.take(ERR, b"oh")
    assert heard == [("out", "ä"), ("err", "oh")]


def test_the_reply_holds_what_the_agent_said():
    output = Output(100, None)
    output.take(OUT, b"hi")
    ran = output.ran({"code": "3", "limit": "too long", "note": "a new shell"}, "First.")
    assert (ran.exit_code, ran.stdout, ran.limit, ran.note) == (3, "hi", "Too long.", "First. A new shell.")


def test_a_reply_of_an_agent_that_talks_nonsense_is_still_a_reply():
    assert Output(100, None).ran({"code": "x"}, "").exit_code == 137
