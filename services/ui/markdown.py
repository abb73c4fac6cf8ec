"""Markdown of a model to HTML that is safe to show: no raw HTML, no remote images, no scripts in links."""

from __future__ import annotations

import functools

import nh3
from markdown_it import MarkdownIt

CACHED = 128
"""Answers kept rendered, because an open conversation is shown again and again."""
_BLOCKS = {"p", "br", "hr", "blockquote", "pre", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"}
_INLINE = {"a", "code", "em", "strong", "s"}
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}

# Without the image rule `![alt](address)` stays a link that nobody fetches until it is clicked.
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
_cleaner = nh3.Cleaner(
    tags=_BLOCKS | _INLINE | _TABLES,
    attributes={"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}, "pre": {"tabindex"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}, "pre": {"tabindex": "0"}},
)


@functools.lru_cache(maxsize=CACHED)
def html_of(text: str) -> str:
    """Render a whole answer; what the parser lets through is cleaned once more by a second library."""
    return _cleaner.clean(_parser.render(text.replace("\0", "\N{REPLACEMENT CHARACTER}")))
