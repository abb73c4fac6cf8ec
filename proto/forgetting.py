"""Forgetting and not recording: what a user may take back from the log, leaving only its hash."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Action, Call, Nothing
from proto.events import Happening, Inverse
from proto.phrasings import PHRASINGS


class Forget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delete an event, a conversation or everything of the user for good, wherever it is kept; only its hash stays."""

    event: Annotated[str, Meta(max_length=36)] = ""
    conversation: Annotated[str, Meta(max_length=100)] = ""
    everything: bool = False


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What is gone."""

    events: int
    sentence: str


class EraseBoxes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove the box of a conversation, or every box of a user, with what runs in it and all its files."""

    user: Annotated[str, Meta(min_length=1)]
    conversation: str = ""


class EraseAccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End a user's sessions, links and API keys and drop their profile, without an event; the account itself stays."""

    user: Annotated[str, Meta(min_length=1)]


class PauseRecording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop recording what Daimon can do without, such as page visits and searches."""


class ResumeRecording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Record everything again."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Whether everything is recorded."""

    paused: bool
    sentence: str


class Forgot(Happening, frozen=True, kw_only=True):
    """Events were deleted for good; it does not say which, for that would be remembering."""

    kind: ClassVar[str] = "memory.forgot"
    events: int
    what: str

    def sentence(self) -> str:
        return f"Forgot {self.what}: {self.events} event{'' if self.events == 1 else 's'}"


class Paused(Happening, frozen=True, kw_only=True):
    """Recording of what is not needed was paused."""

    kind: ClassVar[str] = "recording.paused"

    def sentence(self) -> str:
        return "Paused recording what Daimon can do without"

    def inverse(self) -> Inverse:
        return Inverse(call=RESUME, request=ResumeRecording(), thing="recording")


class Resumed(Happening, frozen=True, kw_only=True):
    """Recording goes on."""

    kind: ClassVar[str] = "recording.resumed"

    def sentence(self) -> str:
        return "Resumed recording everything"

    def inverse(self) -> Inverse:
        return Inverse(call=PAUSE, request=PauseRecording(), thing="recording")


FORGET = Call("daimon.do.{user}.{actor}.memory.forget", Forget, Forgotten)
PAUSE = Action(
    "daimon.do.{user}.{actor}.memory.pause",
    PauseRecording,
    Recording,
    phrasings=PHRASINGS["memory.pause"],
    inverse="memory.resume",
)
RESUME = Action(
    "daimon.do.{user}.{actor}.memory.resume",
    ResumeRecording,
    Recording,
    phrasings=PHRASINGS["memory.resume"],
    inverse="memory.pause",
)
CALLS = (FORGET, PAUSE, RESUME)
INVERSES = (PAUSE, RESUME)
ERASE_BOXES = Call("daimon.svc.sandbox.erase_boxes", EraseBoxes, Nothing)
ERASE_ACCESS = Call("daimon.svc.gateway.erase_access", EraseAccess, Nothing)
PARTS = (ERASE_BOXES, ERASE_ACCESS)
"""What other services erase of their own; memory alone may ask for it."""
KINDS: tuple[type[Happening], ...] = (Forgot, Paused, Resumed)
