"""What a document consists of: blocks as they stand in it, and passages as they are searched and cited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

ENOUGH = 700
"""Characters from which on a passage takes no further block."""
MOST = 1400
"""Characters beyond which a block is cut."""


class Unreadable(Exception):
    """Why a document cannot be read, in a sentence for its owner."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A paragraph, a row, a function: what belongs together."""

    text: str
    line: int = 0
    """Where it begins, counted from 1; 0 where there are no lines."""
    last: int = 0
    page: int = 0
    heading: str = ""
    """The headings above it, outermost first."""


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """What is found and cited."""

    text: str
    heading: str = ""
    page: int = 0
    line: int = 0
    last: int = 0


class Trail:
    """The headings above what is being read."""

    def __init__(self) -> None:
        self._names: list[tuple[int, str]] = []

    def enter(self, level: int, name: str) -> None:
        """Come to a heading: those of its level and below are over."""
        above = [one for one in self._names if one[0] < level]
        self._names = [*above, (level, name)] if name else above

    def __str__(self) -> str:
        return " / ".join(name for _, name in self._names)


def passages(blocks: Iterable[Block]) -> Iterator[Passage]:
    """Put blocks of one heading and page together until there is enough to understand; cut what is too long."""
    held: list[Block] = []
    for block in blocks:
        for piece in _cut(block):
            if held and not _fit(held, piece):
                yield _passage(held)
                held = []
            held.append(piece)
    if held:
        yield _passage(held)


def _fit(held: list[Block], block: Block) -> bool:
    length = sum(len(one.text) for one in held)
    together = (held[0].heading, held[0].page) == (block.heading, block.page)
    return together and length < ENOUGH and length + len(block.text) <= MOST


def _passage(held: list[Block]) -> Passage:
    first, end = held[0], held[-1]
    text = "\n\n".join(block.text for block in held)
    return Passage(text=text, heading=first.heading, page=first.page, line=first.line, last=end.last)


def _cut(block: Block) -> Iterator[Block]:
    """Cut a long block between lines, else between words."""
    text, line = block.text, block.line
    while len(text) > MOST:
        end = max(text.rfind("\n", 0, MOST), 0) or max(text.rfind(" ", 0, MOST), 0) or MOST
        piece, text = text[:end], text[end:]
        last = line + piece.count("\n") if line else 0
        if piece.strip():
            yield msgspec.structs.replace(block, text=piece.strip("\n"), line=line, last=last)
        skipped = len(text) - len(text.lstrip("\n"))
        line, text = last + skipped if line else 0, text.lstrip("\n ")
    if text.strip():
        yield msgspec.structs.replace(block, text=text.rstrip(), line=line)
