"""What the owner does with the whole memory: prove it against the log."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing

Break = Literal["missing", "altered", "kept", "unsent", "unchained", "lost"]
_SENTENCES: dict[str, str] = {
    "missing": "stands in the log, but SQL does not have it",
    "altered": "is not in SQL as it was recorded",
    "kept": "was forgotten, but the log still has it",
    "unsent": "is in SQL, but the log never had it",
    "unchained": "does not follow the row before it: something was put in or taken out there",
    "lost": "is gone from the log, and was not forgotten",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One place where the log and SQL do not agree, or a chain is broken."""

    sequence: int
    """The place in the log."""
    event: str = ""
    user: str = ""
    problem: Break

    def sentence(self) -> str:
        """Say it in English."""
        what = f"event {self.event} of {self.user or 'nobody'}" if self.event else "it"
        return f"Place {self.sequence}: {what} {_SENTENCES[self.problem]}."


class Verify(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Compare the next piece of the log with SQL, and check the chain of each user's rows in it."""

    after: Annotated[int, Meta(ge=0)] = 0
    upto: Annotated[int, Meta(ge=1)]
    """The last place to look at; SQL must have come that far."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What one piece was like."""

    next: int
    """Where the next piece begins: after this place."""
    events: int
    """Events of the log that were compared."""
    problems: tuple[Problem, ...] = ()


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One hash over the ends of all chains: the same seal means the same events in the same order."""

    seal: str
    users: int
    events: int
    """Rows, those included of which only the hash is left."""
    forgotten: int


class Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seal everything up to a place in the log."""

    upto: Annotated[int, Meta(ge=0)]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What one projection holds."""

    name: str
    rows: int
    checksum: str
    """The same for the same rows, in whichever order they lie."""


class Rebuild(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mend the events in SQL by the log, and make every projection anew from them, while reading goes on."""


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What rebuilding found and made."""

    sequence: int
    """The place in the log up to which everything was made."""
    events: int
    mended: int
    """Rows that were missing, altered or put in, and are now as in the log."""
    before: tuple[Table, ...]
    after: tuple[Table, ...]


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """The last place in the log that SQL has."""

    sequence: int


VERIFY = Call("daimon.svc.memory.verify", Verify, Verified)
SEAL = Call("daimon.svc.memory.seal", Sealed, Seal)
REBUILD = Call("daimon.svc.memory.rebuild", Rebuild, Rebuilt)
POSITION = Call("daimon.svc.memory.position", Nothing, Position)
CALLS = (POSITION, VERIFY, SEAL, REBUILD)
