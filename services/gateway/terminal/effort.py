"""How much work it is to follow what a terminal prints: some of its sequences touch whole rows, or all of them.

Work is counted in characters that are simply written, each about a microsecond and a half.
"""

from __future__ import annotations

import re

from services.gateway.terminal.paper import TOKEN

Token = re.Match[str]
PART = 2_500
"""Work after which others have their turn."""
MOST_MODES = 50
_MODE = re.compile(r"\x1b\[\??[0-9;]{1,20}[hl]")
_ROWS = frozenset("\n\v\f")
_LIGHT = frozenset("ABCDEFGHadefghlmrsu`")
"""Sequences that move the cursor, or change what comes."""


def parts(
    tokens: list[Token], size: tuple[int, int], most: int | None = None, *, inserting: bool = False
) -> list[list[Token]]:
    """Tokens in parts of little work each; of what is more than `most` only the end, and the modes set before it.

    `size` is of the screen, in rows and columns; `inserting` says that what is written moves what stands there.
    """
    inserting = inserting or any(token["what"] == "h" for token in tokens)
    works = [_work(token, *size, inserting=inserting) for token in tokens]
    begin, left = 0, sum(works)
    while most is not None and left > most:
        left -= works[begin]
        begin += 1
    found = [_modes_in(tokens[:begin])]
    room = PART
    for token, work in zip(tokens[begin:], works[begin:], strict=True):
        if room < work:
            found.append([])
            room = PART
        found[-1].append(token)
        room -= work
    return found


def modes(text: str) -> str:
    """What switches something for all that follows, such as the screen of an editor; each where it stands last."""
    found = {each.group(): each.start() for each in _MODE.finditer(text)}
    return "".join(sorted(found, key=found.__getitem__)[-MOST_MODES:])


def _modes_in(tokens: list[Token]) -> list[Token]:
    if not tokens:
        return []
    return list(TOKEN.finditer(modes(tokens[0].string[tokens[0].start() : tokens[-1].end()])))


def _work(token: Token, rows: int, columns: int, *, inserting: bool) -> int:
    pushed = 1 + columns // 8 * inserting
    if token["text"]:
        return len(token["text"]) * pushed
    what = token["what"] or token["control"] or ""
    if what == "m":
        return 2 + token["numbers"].count(";")
    if what in ("J", "S"):
        return 2 + rows * columns // 30
    if what == "b":
        return columns * pushed
    if what in _LIGHT or (token["control"] and what not in _ROWS):
        return 2
    return 2 + rows // 4 + columns // 8
