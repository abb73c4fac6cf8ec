"""The page of the one undo line, and the call that turns it into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.base import Call
from proto.ui import Frame, Html
from proto.undo import LineRead, Previewed


class UndoPage(msgspec.Struct, frozen=True, kw_only=True):
    """Every change that can be undone, whoever made it, newest first."""

    frame: Frame
    line: LineRead
    before: str = ""
    """The event this page starts below; empty for the newest."""
    step: str = ""
    """The change that is looked at before it is undone."""
    preview: Previewed | None = None
    """What undoing that would undo."""
    problem: str = ""


UNDO = Call("daimon.svc.ui.undo", UndoPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (UNDO,)
