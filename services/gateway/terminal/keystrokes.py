"""What a terminal is told of the keys that were pressed on its page, as xterm would tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from proto.errors import Invalid

_KEY = re.compile(r"(?P<ctrl>C-)?(?P<alt>A-)?(?P<shift>S-)?(?P<name>.+)", re.DOTALL)
_PLAIN = {"Enter": "\r", "Backspace": "\x7f", "Tab": "\t", "Escape": "\x1b"}
_ARROWS = {"ArrowUp": "A", "ArrowDown": "B", "ArrowRight": "C", "ArrowLeft": "D", "Home": "H", "End": "F"}
_NUMBERED = {"Insert": 2, "Delete": 3, "PageUp": 5, "PageDown": 6}
_NUMBERED |= dict(zip((f"F{n}" for n in range(5, 13)), (15, 17, 18, 19, 20, 21, 23, 24), strict=True))
_FIRST = {"F1": "P", "F2": "Q", "F3": "R", "F4": "S"}
_END_OF_PASTE = "\x1b[201~"
_UNTYPED = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]")
"""What a text that is pasted says without its reader seeing it: the end of the paste, and keys that do something."""
PASTE, SIZE = "P-", "R-"
"""What begins a text that was pasted, and a size that the page has now."""


def typed(keys: Sequence[str], modes: str) -> str:
    """What keys say to a program, given the modes that its screen is in."""
    return "".join(_pasted(key[2:], modes) if key.startswith(PASTE) else _said(key, modes) for key in keys)


def size(keys: Sequence[str]) -> tuple[int, int] | None:
    """The last size that the keys tell of, as rows and columns."""
    for key in reversed(keys):
        if key.startswith(SIZE):
            rows, _, columns = key.removeprefix(SIZE).partition("x")
            if not (rows.isdecimal() and columns.isdecimal() and len(key) < 12):
                raise Invalid("The size of a screen is told as rows and columns, such as R-24x80.")
            return min(max(int(rows), 1), 1000), min(max(int(columns), 2), 1000)
    return None


def _said(key: str, modes: str) -> str:
    found = _KEY.fullmatch(key)
    if found is None or key.startswith(SIZE):
        return ""
    name, held = found["name"], 1 + bool(found["shift"]) + 2 * bool(found["alt"]) + 4 * bool(found["ctrl"])
    if name in _ARROWS or name in _FIRST:
        return _moved(name, held, modes)
    if name in _NUMBERED:
        return f"\x1b[{_NUMBERED[name]}~" if held == 1 else f"\x1b[{_NUMBERED[name]};{held}~"
    # Any other key with a name says nothing.
    text = _PLAIN.get(name, name if len(name) == 1 else "")
    if found["ctrl"]:
        text = _controlled(text)
    return f"\x1b{text}" if found["alt"] and text else text


def _moved(name: str, held: int, modes: str) -> str:
    letter = _ARROWS.get(name) or _FIRST[name]
    if held > 1:
        return f"\x1b[1;{held}{letter}"
    return f"\x1b{'O' if name in _FIRST or 'arrows' in modes else '['}{letter}"


def _controlled(text: str) -> str:
    if text == " ":
        return "\0"
    if text == "\x7f":
        return "\b"
    return chr(ord(text.upper()) & 0x1F) if text and "@" <= text.upper() <= "_" else text


def _pasted(text: str, modes: str) -> str:
    text = _UNTYPED.sub("", text).replace("\r\n", "\r").replace("\n", "\r")
    return f"\x1b[200~{text}{_END_OF_PASTE}" if "paste" in modes else text
