"""Files that are text: paragraphs, Markdown, rows of a table, source code; all are cited by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from services.memory.reading.blocks import Block, Trail, Unreadable

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_DEFINITION = re.compile(
    r"(?:export\s+|pub(?:\([a-z]+\))?\s+|public\s+|private\s+|protected\s+|static\s+|final\s+|abstract\s+|async\s+|default\s+|unsafe\s+)*"
    r"(?:def|class|func|fn|function|interface|struct|enum|trait|impl|type|module|namespace|CREATE)\s+\S"
    r"|@\w"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_CONTROLS = 0.02
"""Of the characters of a text; terminals' records have some, of bytes by chance every tenth is one."""
ROWS = 20
"""Rows of a table in one block."""


def decoded(raw: bytes) -> str:
    """Read bytes as text; Unreadable when they are not."""
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = _text_of(raw)
    if (b"\0" in raw and not marked) or len(_CONTROLS.findall(text)) > len(text) * _MOST_CONTROLS:
        raise Unreadable("It is not text, and not of a format that can be read.")
    return text


def _text_of(raw: bytes) -> str:
    for encoding in ("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def paragraphs(text: str) -> Iterator[Block]:
    """Split where lines are empty."""
    yield from _runs(text.split("\n"), 1, "")


def markdown(text: str) -> Iterator[Block]:
    """Split at headings and empty lines; what stands between fences stays together."""
    trail = Trail()
    held: list[str] = []
    begin, fenced = 1, False
    for number, line in enumerate(text.split("\n"), start=1):
        if _FENCE.match(line):
            fenced = not fenced
        found = None if fenced else _HEADING.match(line)
        if found:
            yield from _runs(held, begin, str(trail))
            trail.enter(len(found[1]), found[2])
            held, begin = [], number
        held.append(line)
    yield from _runs(held, begin, str(trail))


def table(text: str) -> Iterator[Block]:
    """Some rows of comma-separated values at a time, each value with the name of its column."""
    try:
        dialect = csv.Sniffer().sniff(text[:4096], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = csv.reader(io.StringIO(text), dialect)
    columns = next(rows, [])
    lines: list[str] = []
    begin = rows.line_num + 1
    for row in rows:
        lines.append("; ".join(_cell(columns, place, value) for place, value in enumerate(row) if value.strip()))
        if len(lines) == ROWS:
            yield Block(text="\n".join(lines), line=begin, last=rows.line_num)
            lines, begin = [], rows.line_num + 1
    if any(lines):
        yield Block(text="\n".join(lines), line=begin, last=rows.line_num)


def source(text: str) -> Iterator[Block]:
    """Split before definitions that are not indented; each carries its first line as a heading."""
    held: list[str] = []
    begin, title = 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if _DEFINITION.match(line) and not (held and held[-1].startswith("@")):
            yield from _whole(held, begin, title)
            held, begin, title = [], number, line.strip().rstrip(":{ ")
        held.append(line)
    yield from _whole(held, begin, title)


def _runs(lines: Sequence[str], begin: int, heading: str) -> Iterator[Block]:
    held: list[str] = []
    first, fenced = begin, False
    for number, line in enumerate([*lines, ""], start=begin):
        if _FENCE.match(line):
            fenced = not fenced
        if line.strip() or (fenced and number < begin + len(lines)):
            first = first if held else number
            held.append(line)
        elif held:
            yield Block(text="\n".join(held), line=first, last=number - 1, heading=heading)
            held = []


def _whole(lines: Sequence[str], begin: int, title: str) -> Iterator[Block]:
    text = "\n".join(lines)
    if text.strip():
        skipped = len(text) - len(text.lstrip("\n"))
        kept = text.strip("\n")
        first = begin + skipped
        yield Block(text=kept, line=first, last=first + kept.count("\n"), heading=title)


def _cell(columns: Sequence[str], place: int, value: str) -> str:
    name = columns[place].strip() if place < len(columns) else ""
    return f"{name}: {value.strip()}" if name else value.strip()
