"""The envelope of an event: what happened, to whom it belongs, who did it and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec

from proto.base import Call, Caller, new_id, token

STREAM = "EVENTS"
"""The stream that is the log: every event, acknowledged after fsync."""
SUBJECT = "daimon.event.{user}.{kind}.{conversation}"
"""Where an event is heard: the stream says it again here once it is on the disk, so nobody hears what was refused."""
RECORD = "daimon.record.{user}.{kind}.{conversation}"
"""Where an event is handed in, and what the stream keeps it under."""
ALL = "daimon.record.>"
"""The subject filter of the whole log. Filters name records; `heard` turns one into what followers subscribe to."""
NO_CONVERSATION = "-"
"""Stands in the place of a conversation where there is none."""


class Inverse(msgspec.Struct, frozen=True, kw_only=True):
    """What undoes a happening: a call that its noun serves, like any other change."""

    call: Call[Any, Any]
    request: msgspec.Struct
    thing: str
    """What was changed, such as `task 0190…`: later changes of the same thing build on this one."""
    inside: bool = False
    """Whether the thing belongs to the conversation that the change was made in, and the call is made there."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says; one subclass a kind, listed in `proto.kinds`."""

    kind: ClassVar[str]

    def sentence(self) -> str:
        """One English line of what happened; the bare kind where a subclass finds no better words."""
        return self.kind

    def inverse(self) -> Inverse | None:
        """What undoes it; None where nothing was changed, or nothing can undo it."""
        return None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    id: str
    """UUIDv7; also the key under which SQL keeps it once."""
    time: datetime
    """UTC."""
    user: str
    """Whose log it stands in."""
    actor: str
    """`user`, `model`, `ghost`, `system` or `plugin-NAME`."""
    kind: str
    """One of the closed vocabulary, such as `task.added`."""
    sentence: str
    """One English line of what happened."""
    conversation: str = ""
    """The conversation it happened in, empty when none."""
    cause: str = ""
    """The id of the event that led to it, empty when none."""
    data: msgspec.Raw
    """The Happening of this kind, as JSON."""
    version: int = 1
    """The version of the kind's data."""
    key: str = ""
    """The idempotency key of the request that led to it, empty when it had none."""

    @property
    def subject(self) -> str:
        """Where it is handed in."""
        conversation = token(self.conversation) if self.conversation else NO_CONVERSATION
        return RECORD.format(user=token(self.user), kind=self.kind, conversation=conversation)

    @property
    def message_id(self) -> str:
        """What the stream recognises a repetition by."""
        return f"{token(self.user)}/{token(self.actor)}/{token(self.key)}/{self.kind}" if self.key else self.id


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the log."""

    sequence: int
    event: Event


def happened(what: Happening, caller: Caller) -> Event:
    """Wrap a happening in its envelope, now."""
    return Event(
        id=new_id(),
        time=datetime.now(UTC),
        user=caller.user,
        actor=caller.actor,
        kind=what.kind,
        sentence=what.sentence(),
        conversation=caller.conversation,
        cause=caller.cause,
        data=msgspec.Raw(msgspec.json.encode(what)),
        key=caller.key,
    )


def of_user(user: str) -> str:
    """The subject filter of everything in a user's log."""
    return f"daimon.record.{token(user)}.>"


def of_noun(noun: str, user: str = "") -> str:
    """The subject filter of all events of a noun, such as `task`; of every user when none is named."""
    return f"daimon.record.{token(user) if user else '*'}.{noun}.>"


def of_kind(kind: str, user: str = "", conversation: str = "") -> str:
    """The subject filter of one kind; of every user when none is named, and of every conversation likewise."""
    place = token(conversation) if conversation else "*"
    return RECORD.format(user=token(user) if user else "*", kind=kind, conversation=place)


def in_conversation(user: str, conversation: str, noun: str = "*") -> str:
    """The subject filter of everything that happened in a conversation, or of one noun there."""
    return RECORD.format(user=token(user), kind=f"{noun}.*", conversation=token(conversation))


def heard(subject: str) -> str:
    """Where the events of a filter of the log are heard live."""
    return subject.replace("daimon.record.", "daimon.event.", 1)
