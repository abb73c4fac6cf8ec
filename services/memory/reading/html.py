"""HTML: its text, split at headings and paragraphs, cited by line of the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from services.memory.reading.blocks import Block, Trail

_HIDDEN = frozenset({"script", "style", "template", "noscript", "svg"})
_BREAKS = frozenset(
    {"p", "div", "li", "ul", "ol", "tr", "table", "section", "article", "header", "footer", "nav", "main", "pre",
     "blockquote", "dt", "dd", "figcaption", "body", "br", "hr", "title"}
)  # fmt: skip
_HEADING = re.compile(r"h([1-6])")


def blocks(text: str) -> Iterator[Block]:
    """Yield the text that a reader of the page sees."""
    page = _Page()
    page.feed(text)
    page.close()
    page.end_block()
    yield from page.found


class _Page(HTMLParser):
    """Collects text until an element that begins anew."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self._held: list[str] = []
        self._line = 1
        self._hidden = 0
        self._trail = Trail()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's own name
        if tag in _HIDDEN:
            self._hidden += 1
        if tag in _BREAKS or _HEADING.fullmatch(tag):
            self.end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if found := _HEADING.fullmatch(tag):
            self._trail.enter(int(found[1]), self._said())
        if tag in _BREAKS or found:
            self.end_block()

    def handle_data(self, data: str) -> None:
        if self._hidden or not data.strip():
            return
        if not self._held:
            self._line = self.getpos()[0]
        self._held.append(data)

    def end_block(self) -> None:
        """Keep what was collected."""
        if text := self._said():
            self.found.append(Block(text=text, line=self._line, last=self.getpos()[0], heading=str(self._trail)))
        self._held = []

    def _said(self) -> str:
        return " ".join(" ".join(self._held).split())
