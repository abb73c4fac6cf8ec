"""Answers are Markdown with links to pages of Daimon's own; a terminal shows them as words."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_WORDS = r"(?:\\.|[^\[\]\\\n])*"
_CODE = re.compile(r"(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")
_LINK = re.compile(rf"\[({_WORDS})\]\(/[^()\s]*\)")
_STRUCK = re.compile(r"~~((?:\\.|[^~\\\n])+)~~")
_PLAIN = re.compile(r"[^\\\[`~\n]+|\n|`+|.")
_BEGUN = re.compile(rf"\\\Z|\[{_WORDS}\\?(?:\](?:\((?:/[^()\s]*)?)?)?\Z|`[^\n]*\Z|~(?:~(?:\\.|[^~\\\n])*\\?~?)?\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^\n`]*)(?:\n|\Z)")
_FENCE_BEGUN = re.compile(r" {1,3}\Z| {0,3}(?:`{1,2}\Z|~{1,2}\Z|(?:`{3,}|~{3,})[^\n`]*\Z)")
LONGEST = 1000
"""Characters held back at most while they may still become something else."""

_Step = tuple[str, int]
"""What is shown, and how many characters of the Markdown it stands for."""


class Unlinked:
    """A growing text as a terminal shows it; what may still become something else is held back until it is clear."""

    def __init__(self) -> None:
        self._held = ""
        self._begins = True
        """Whether a line begins with what is held."""
        self._fence = ""
        """What opened the code block that we are in."""

    def take(self, piece: str) -> str:
        """Return what can be shown by now."""
        self._held += piece
        return self._show(last=False)

    def rest(self) -> str:
        """Return what was held back, once nothing more comes."""
        return self._show(last=True)

    def _show(self, *, last: bool) -> str:
        shown = []
        while self._held and not (self._is_unclear() and not last):
            words, taken = self._step()
            shown.append(words)
            self._begins = self._held[taken - 1] == "\n"
            self._held = self._held[taken:]
        return "".join(shown)

    def _is_unclear(self) -> bool:
        if len(self._held) > LONGEST:
            return False
        if self._begins and _FENCE_BEGUN.match(self._held):
            return True
        return not self._fence and bool(_BEGUN.match(self._held))

    def _step(self) -> _Step:
        if self._begins and (fence := _FENCE.match(self._held)) and self._cross(fence[1], fence[2]):
            return "", fence.end()
        if self._fence:
            end = self._held.find("\n") + 1 or len(self._held)
            return self._held[:end], end
        return _token(self._held)

    def _cross(self, fence: str, after: str) -> bool:
        """Enter or leave a code block, if this fence does."""
        if not self._fence:
            self._fence = fence
            return True
        if fence.startswith(self._fence) and not after.strip():
            self._fence = ""
            return True
        return False


def _token(text: str) -> _Step:
    if escaped := _ESCAPED.match(text):
        return escaped[1], 2
    if code := _CODE.match(text):
        return code[0], code.end()
    if link := _LINK.match(text):
        return _unescaped(link[1]), link.end()
    if struck := _STRUCK.match(text):
        return f"[x] {_unescaped(struck[1])}", struck.end()
    found = _PLAIN.match(text)
    end = found.end() if found else 1
    return text[:end], end


def _unescaped(words: str) -> str:
    return _ESCAPED.sub(r"\1", words)


def unlinked(text: str) -> str:
    """Return a whole text as a terminal shows it."""
    whole = Unlinked()
    return whole.take(text) + whole.rest()
