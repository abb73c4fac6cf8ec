"""Live changes: the pieces of a page that is open, each of which finds its own place."""

from __future__ import annotations

from msgspec.structs import asdict

from proto import ui
from services.ui.templating import block

_TEMPLATE = "live.html"
_IN_PLACE = (ui.Settled, ui.Listed, ui.Tasked, ui.Moded, ui.Online)
"""Changes whose piece takes the place of the one on the page; the others are put beside what is there."""


def fragments(view: ui.Changes) -> ui.Html:
    """The changes, in order, as one piece of HTML; the template has a block named after each."""
    return ui.Html(html="".join(_fragment(change, view.frame) for change in view.changes))


def _fragment(change: ui.Change, frame: ui.Frame) -> str:
    swap = isinstance(change, _IN_PLACE) or (isinstance(change, ui.Used) and not change.first)
    return block(_TEMPLATE, type(change).__name__.lower(), frame=frame, swap=swap, **asdict(change))
