"""The shortest way for tokens: pieces of a growing answer, put into the HTML that the ui service gave for them once."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from proto import ui


def grown(changes: Sequence[ui.Change], piece: ui.Piece) -> str:
    """The HTML of changes that are nothing but growth; empty when there is anything else among them."""
    if not all(isinstance(change, ui.Grew) for change in changes):
        return ""
    return "".join(_filled(change, piece) for change in changes if isinstance(change, ui.Grew))


def _filled(change: ui.Grew, piece: ui.Piece) -> str:
    text = escape(change.text).replace("\r", "&#13;")
    place = f"{piece.before}{escape(change.turn)}{piece.between}{change.passage}"
    return f"{place}{piece.inside}{text}{piece.after}"
