"""Live changes: the pieces of a page that is open, each of which finds its own place."""

from __future__ import annotations

from msgspec.structs import asdict

from proto import ui
from proto.printing import Boxed
from proto.ui_list import Listed, Stands
from services.ui.days import Day, grouped
from services.ui.templating import block

_TEMPLATE = "live.html"
_TURN, _PASSAGE, _TEXT = "a-turn", 987654321, "a-text"
_IN_PLACE = (ui.Settled, ui.Weighed, Listed, Stands, ui.Tasked, ui.Moded, ui.Online, ui.Offered, Boxed)
"""Changes whose piece takes the place of the one on the page; the others are put beside what is there."""


def fragments(view: ui.Changes) -> ui.Html:
    """The changes, in order, as one piece of HTML; the template has a block named after each."""
    return ui.Html(html="".join(_fragment(change, view.frame) for change in view.changes))


def piece() -> ui.Piece:
    """What stands around a piece of a growing answer."""
    marked = _fragment(ui.Grew(turn=_TURN, passage=_PASSAGE, text=_TEXT), ui.Frame())
    before, rest = marked.split(_TURN)
    between, rest = rest.split(str(_PASSAGE))
    inside, after = rest.split(_TEXT)
    return ui.Piece(before=before, between=between, inside=inside, after=after)


def _fragment(change: ui.Change, frame: ui.Frame) -> str:
    swap = isinstance(change, _IN_PLACE) or (isinstance(change, ui.Used) and not change.first)
    beside = _by_day(change, frame.zone)
    return block(_TEMPLATE, type(change).__name__.lower(), frame=frame, swap=swap, **beside, **asdict(change))


def _by_day(change: ui.Change, zone: str) -> dict[str, list[Day]]:
    """The days of a change of the timeline."""
    match change:
        case ui.Logged(events=events):
            return {"grouped": grouped(reversed(events), zone, named=True)[::-1]}
        case ui.Relogged(events=events):
            return {"days": grouped(events, zone, named=True)}
        case ui.Older(events=events, before=before):
            return {"days": grouped(events, zone, below=before)}
    return {}
