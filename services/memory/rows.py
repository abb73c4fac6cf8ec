"""Events as SQL hands them back."""

from __future__ import annotations

from datetime import datetime

import msgspec

from proto.events import Event, Recorded


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event."""

    id: str
    time: datetime
    user: str
    actor: str
    kind: str
    sentence: str
    conversation: str
    cause: str
    data: str
    version: int

    def event(self) -> Event:
        """Return it as it was handed in."""
        fields = {name: getattr(self, name) for name in EventRow.__struct_fields__ if name != "data"}
        return Event(**fields, data=msgspec.Raw(self.data.encode()))


class LogRow(EventRow, frozen=True, kw_only=True):
    """One event with its place in the log."""

    sequence: int

    def recorded(self) -> Recorded:
        """Return it as the log has it."""
        return Recorded(sequence=self.sequence, event=self.event())
