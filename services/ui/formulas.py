"""Formulas in answers: found before Markdown reads them, in which underscores and asterisks mean something else."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from services.ui.mathml import mathml

MOST = 5_000
"""Characters of formulas of one answer that are set; what is beyond them is shown as it was written."""
LONGEST = 1_000
"""Characters of a formula within a line; a dollar that has no other near it is money."""
LONGEST_BLOCK = 5_000
# As Pandoc reads it: no blank inside the dollars, no digit after them; so $5 and $10 stay money.
_DOLLARS = re.compile(rf"\$(?![\s$])[^$`\n]{{0,{LONGEST}}}(?<![\s\\])\$(?!\d)")
_REST = re.compile(r"[^\S\n]*$", re.MULTILINE)
_ENDS = {"$$": "$$", "\\[": "\\]"}
_INLINE_ENDS = _ENDS | {"\\(": "\\)"}


def allow(parser: MarkdownIt) -> None:
    """Teach a parser of Markdown to leave formulas alone."""
    parser.inline.ruler.before("escape", "formula", _inline)
    parser.block.ruler.before("fence", "formula", _block, {"alt": ["paragraph", "blockquote", "list"]})
    parser.add_render_rule("formula", _render)
    parser.add_render_rule("formula_block", _render_block)


def _inline(state: StateInline, silent: bool) -> bool:
    end = _end(state.src, state.pos, state.posMax)
    if end < 0:
        return False
    if not silent:
        state.push("formula", "code", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _end(text: str, start: int, most: int) -> int:
    """Where a formula that begins here ends; negative where none begins."""
    if close := _INLINE_ENDS.get(text[start : start + 2]):
        found = text.find(close, start + 3, min(most, start + LONGEST))
        return found + 2 if found > 0 else -1
    dollars = _DOLLARS.match(text, start, most)
    return dollars.end() if dollars else -1


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula on lines of its own, from one that begins with its mark to one that ends with it."""
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
    close = _ENDS.get(first[:2])
    last = _last(state, start, end, close) if close else None
    if last is None or state.is_code_block(start):
        return False
    if not silent:
        token = state.push("formula_block", "code", 0)
        token.content = state.getLines(start, last + 1, state.blkIndent, keepLastLF=False).strip()
        token.map = [start, last + 1]
        state.line = last + 1
    return True


def _last(state: StateBlock, start: int, end: int, close: str) -> int | None:
    """The line that ends the formula; None where text follows its end, or there is none."""
    begin = state.bMarks[start] + state.tShift[start] + 2
    found = state.src.find(close, begin, begin + LONGEST_BLOCK)
    if found < 0 or _REST.match(state.src, found + 2) is None:
        return None
    last = bisect_right(state.bMarks, found, start, end) - 1
    left = any(state.sCount[line] < state.blkIndent and not state.isEmpty(line) for line in range(start + 1, last + 1))
    return None if left or found > state.eMarks[last] else last


def _render(_: RendererHTML, tokens: Sequence[Token], place: int, _options: OptionsDict, env: EnvType) -> str:
    written = tokens[place].content
    return _set(written, env, block=False) or Markup('<code class="formula">{}</code>').format(written)


def _render_block(_: RendererHTML, tokens: Sequence[Token], place: int, _options: OptionsDict, env: EnvType) -> str:
    written = tokens[place].content
    if found := _set(written, env, block=True):
        return Markup('<div tabindex="0" class="formula">{}</div>\n').format(found)
    return Markup('<pre tabindex="0" class="formula"><code>{}</code></pre>\n').format(written)


def _set(written: str, env: EnvType, *, block: bool) -> Markup | None:
    """The formula as it is set, while there is room for it in this answer."""
    room = env.setdefault("formulas", MOST)
    env["formulas"] = room - len(written)
    return mathml(written, block=block) if len(written) <= room else None
