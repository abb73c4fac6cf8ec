"""Markdown of a model to HTML that is safe to show: no raw HTML, no remote images, no scripts in links."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from services.ui import code, formulas, mathml

CACHED = 128
"""Answers kept rendered, because an open conversation is shown again and again."""
_BLOCKS = {"p", "br", "hr", "blockquote", "pre", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"}
_INLINE = {"a", "code", "em", "strong", "s"}
_OURS = re.compile(r"/(?![/\\])")
_FRAMES = {"figure", "figcaption", "details", "summary", "textarea", "span", "button"}
"""What stands around code and in it; a model cannot write these itself."""
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}


def _link(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, _: EnvType) -> str:
    """Open a link: one to a page of ours as a link, any other apart and without telling where it was clicked."""
    if not _OURS.match(str(tokens[place].attrGet("href"))):
        tokens[place].attrSet("target", "_blank")
        tokens[place].attrSet("rel", "noopener noreferrer nofollow")
    return renderer.renderToken(tokens, place, options, _)


def _code(_: RendererHTML, tokens: Sequence[Token], place: int, _options: OptionsDict, env: EnvType) -> str:
    """A block of code; `env` says how many characters of this answer may still be coloured."""
    token = tokens[place]
    room = env.setdefault("room", code.MOST)
    env["room"] = max(0, room - len(token.content))
    return code.block(token.content, next(iter(token.info.split()), ""), room)


# Without the image rule `![alt](address)` stays a link that nobody fetches until it is clicked.
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
_parser.add_render_rule("link_open", _link)
_parser.add_render_rule("fence", _code)
_parser.add_render_rule("code_block", _code)
formulas.allow(_parser)
_cleaner = nh3.Cleaner(
    tags=_BLOCKS | _INLINE | _TABLES | _FRAMES | {"div"} | mathml.TAGS,
    attributes={
        "a": {"href", "title", "target", "rel"},
        "code": {"class"},
        "ol": {"start"},
        "pre": {"tabindex"},
        "textarea": {"readonly", "rows", "aria-label"},
        "button": {"type"},
        "span": {"role"},
        "div": {"tabindex"},
        **{tag: set(mathml.ATTRIBUTES) for tag in mathml.TAGS},
        "math": {"display", "alttext"},
    },
    allowed_classes={"span": code.CLASSES, "pre": {"formula"}, "div": {"formula"}},
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
    set_tag_attribute_values={"pre": {"tabindex": "0"}},
)


@functools.lru_cache(maxsize=CACHED)
def html_of(text: str) -> str:
    """Render a whole answer; what the parser lets through is cleaned once more by a second library."""
    return _cleaner.clean(_parser.render(text.replace("\0", "\N{REPLACEMENT CHARACTER}")))
