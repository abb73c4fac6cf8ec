"""Templates to HTML: whole pages, and single blocks of them for live updates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup, escape

from proto.ui import Frame, Html
from services.ui import assets, display, markdown
from services.ui.boards import beside_others, shown
from services.ui.passages import passages


def _where_read(reads: Callable[[datetime, str], str]) -> Callable[[Context, datetime], str]:
    """A filter that writes a time in the zone of the page's reader."""

    @jinja2.pass_context
    def filtered(context: Context, time: datetime) -> str:
        frame = context.get("frame")
        return reads(time, frame.zone if isinstance(frame, Frame) else "")

    return filtered


def streamed(text: str) -> Markup:
    """Escape text that grows piece by piece; a bare return survives as a reference, not as a line's end."""
    return escape(text).replace("\r", Markup("&#13;"))


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.globals.update(
    asset=assets.address, passages=passages, shown=shown, beside_others=beside_others,
    swap=False, printed=None, fresh=False,
)  # fmt: skip
_environment.filters |= {
    "markdown": markdown.html_of,
    "streamed": streamed,
    "exact": display.exact,
    "short_time": _where_read(display.short_time),
    "brief": _where_read(display.brief),
    "full": _where_read(display.full),
    "day": _where_read(display.day),
    "field": _where_read(display.field),
    "duration": display.duration,
    "clipped": display.clipped,
    "who": display.who,
    "plain": display.plain,
}


def page(template: str, **context: object) -> Html:
    """Render a whole page."""
    return Html(html=_environment.get_template(template).render(context))


def block(template: str, name: str, **context: object) -> str:
    """Render one block of a page, exactly as the page itself shows it."""
    found = _environment.get_template(template)
    return "".join(found.blocks[name](found.new_context(context)))


def prepare() -> None:
    """Compile every template, so that nobody who opens a page first waits for it."""
    for name in _environment.list_templates():
        _environment.get_template(name)


def allow(**functions: object) -> None:
    """Make a function known to all templates under a name."""
    _environment.globals.update(functions)
