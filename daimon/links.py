"""Answers link to pages of Daimon's own; a terminal shows such a link as its words."""

from __future__ import annotations

import re

_LINK = re.compile(r"\[([^\[\]\n]*)\]\(/[^()\s]*\)")
_BEGUN = re.compile(r"\[[^\[\]\n]*(?:\](?:\((?:/[^()\s]*)?)?)?\Z")
LONGEST = 1000
"""Characters held back at most while they may still become a link."""


class Unlinked:
    """A growing text without the addresses of its links; what may become a link is held back until it is clear."""

    def __init__(self) -> None:
        self._held = ""

    def take(self, piece: str) -> str:
        """Return what can be shown by now."""
        text = _LINK.sub(r"\1", self._held + piece)
        begun = _BEGUN.search(text, max(0, len(text) - LONGEST))
        end = begun.start() if begun else len(text)
        self._held = text[end:]
        return text[:end]

    def rest(self) -> str:
        """Return what was held back, once nothing more comes."""
        held, self._held = self._held, ""
        return held


def unlinked(text: str) -> str:
    """Return a whole text without the addresses of its links."""
    return _LINK.sub(r"\1", text)
