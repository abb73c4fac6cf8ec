"""How documents of each kind are split, and where their passages are said to stand."""

from __future__ import annotations

import io
import itertools
import random

import pypdf
import pytest

from services.memory.reading.blocks import MOST, Block, Passage, passages
from services.memory.reading.main import read
from tests.support.papers import docx, pdf


def found(text: str | bytes, name: str) -> list[Passage]:
    raw = text.encode() if isinstance(text, str) else text
    return list(read(raw, name, "").passages)


def problem(raw: bytes, name: str, media_type: str = "") -> str:
    outcome = read(raw, name, media_type)
    assert outcome.passages == ()
    return outcome.problem


def test_paragraphs_are_cited_by_their_lines():
    first, second = found("one\ntwo\n\n\n" + "x" * 800 + "\n\n" + "y" * 800 + "\n", "notes.txt")
    assert (first.text[:9], first.line, first.last) == ("one\ntwo\n\n", 1, 5)
    assert (second.line, second.last) == (7, 7)


def test_bytes_by_chance_are_no_text_and_old_encodings_are():
    noise = random.Random(7).randbytes(3000).replace(b"\0", b"")
    assert problem(noise, "noise.dat") == "It is not text, and not of a format that can be read."
    assert found("Grüße aus Köln".encode("cp1252"), "old.txt")[0].text == "Grüße aus Köln"
    assert found("Grüße aus Köln".encode("utf-16"), "old.txt")[0].text == "Grüße aus Köln"
    assert found("\x1b[31mred\x1b[0m and\x07 done, as a terminal wrote it, line after line\n", "log.txt")


def test_markdown_is_split_at_headings_and_keeps_their_trail():
    text = "# Garden\n\nintro\n\n## Shed\n\nIt is green.\n\n```\n# no heading\n\ncode\n```\n\n# Cellar\n\nDark.\n"
    pieces = found(text, "a.md")
    assert [one.heading for one in pieces] == ["Garden", "Garden / Shed", "Cellar"]
    assert "# no heading\n\ncode" in pieces[1].text
    assert (pieces[1].line, pieces[2].line) == (5, 15)


def test_html_shows_what_a_reader_sees():
    text = (
        "<html><head><title>T</title><style>p{}</style></head><body>\n"
        "<h1>Garden</h1>\n<p>The <b>green</b> shed &amp; more.</p><script>alert(1)</script></body></html>"
    )
    pieces = found(text, "a.html")
    assert pieces[-1].text.endswith("The green shed & more.")
    assert pieces[-1].heading == "Garden"
    assert pieces[-1].last == 3
    assert not any("alert" in one.text or "p{}" in one.text for one in pieces)


def test_rows_of_a_table_carry_the_names_of_their_columns():
    (piece,) = found("city;people\nUlm;128000\nBonn;336000\n", "cities.csv")
    assert piece.text == "city: Ulm; people: 128000\ncity: Bonn; people: 336000"
    assert (piece.line, piece.last) == (2, 3)


def test_source_is_split_before_definitions():
    text = "import os\n\n\n@cache\ndef one():\n    return 1\n\n\nclass Two:\n    def three(self):\n        return 3\n"
    pieces = found(text, "a.py")
    assert [(one.heading, one.line, one.last) for one in pieces] == [
        ("", 1, 1),
        ("@cache", 4, 6),
        ("class Two", 9, 11),
    ]


def test_a_pdf_is_cited_by_page():
    pieces = found(pdf("The shed is green.", "The cellar is dark."), "house.pdf")
    assert [(one.page, one.text) for one in pieces] == [(1, "The shed is green."), (2, "The cellar is dark.")]


def test_a_word_document_has_its_headings():
    pieces = found(docx(("Heading1", "Garden"), ("Normal", "Green."), ("Heading1", "Cellar"), ("", "Dark.")), "a.docx")
    assert [one.heading for one in pieces] == ["Garden", "Cellar"]
    assert pieces[0].text == "Garden\n\nGreen."


def test_a_locked_pdf_says_what_to_do():
    writer = pypdf.PdfWriter(io.BytesIO(pdf("secret")))
    writer.encrypt("key", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert "password" in problem(out.getvalue(), "a.pdf")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"%PDF-1.7 nonsense", "a.pdf"),
        (pdf("x")[:200], "a.pdf"),
        (b"no pdf", "a.pdf"),
        (b"PK\x03\x04 nonsense", "a.docx"),
        (docx(document="<a"), "a.docx"),
        (docx(document='<!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>'), "a.docx"),
        (b"\x00\x01\x02", "a.bin"),
        (b"", "a.txt"),
        (b"\x89PNG", "a.png"),
        (docx(("", "x")), "a.zip"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(raw, name):
    assert problem(raw, name, "image/png" if name.endswith("png") else "").endswith((".", "anew."))


def test_a_bomb_stops_at_the_limit():
    bomb = docx(document="<a>" + " " * 101_000_000 + "</a>")
    assert len(bomb) < 200_000
    assert "100 MB" in problem(bomb, "a.docx")


def test_text_of_another_encoding_is_text():
    assert found("Käse".encode("cp1252"), "a.txt")[0].text == "Käse"
    assert found("Käse".encode("utf-16"), "a.txt")[0].text == "Käse"


def test_long_blocks_are_cut_between_lines_and_none_of_it_is_lost():
    lines = [f"line {number} with some words" for number in range(200)]
    pieces = list(passages([Block(text="\n".join(lines), line=11, last=210)]))
    assert all(len(one.text) <= MOST for one in pieces)
    assert "\n".join(one.text for one in pieces) == "\n".join(lines)
    assert (pieces[0].line, pieces[-1].last) == (11, 210)
    assert all(later.line == earlier.last + 1 for earlier, later in itertools.pairwise(pieces))


def test_a_wall_without_spaces_is_cut_too():
    pieces = list(passages([Block(text="x" * 5000)]))
    assert "".join(one.text for one in pieces) == "x" * 5000
