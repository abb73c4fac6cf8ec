"""Views of the timeline, of one event, and of conversations as they were, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.base import Call
from proto.chat import Conversation
from proto.events import Event
from proto.timeline import Effect, Sift
from proto.ui import Frame, Html
from proto.ui_list import Lines


class TimelinePage(msgspec.Struct, frozen=True, kw_only=True):
    """Events, newest first."""

    frame: Frame
    events: tuple[Event, ...] = ()
    sift: Sift = Sift()
    before: str = ""
    """The event this page starts below; empty for the newest."""
    older: str = ""
    """The event below which the next page starts; empty on the last."""
    problem: str = ""


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """One event, what led to it and what it led to."""

    frame: Frame
    event: Event
    causes: tuple[Event, ...] = ()
    """The chain of causes, nearest first."""
    effects: tuple[Effect, ...] = ()
    more: bool = False
    """Whether it led to more than that."""
    changes: tuple[str, ...] = ()
    """Those of these events that can be undone, by id."""
    problem: str = ""
    """Why what it led to may be missing."""


class ThenPage(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations as they were, and one of them."""

    frame: Frame
    lines: Lines
    conversation: Conversation | None = None
    """None where none is chosen."""
    upto: bool = False
    """Whether its exchanges end before its end."""
    problem: str = ""


TIMELINE = Call("daimon.svc.ui.timeline", TimelinePage, Html)
EVENT = Call("daimon.svc.ui.event", EventPage, Html)
THEN = Call("daimon.svc.ui.then", ThenPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (TIMELINE, EVENT, THEN)
