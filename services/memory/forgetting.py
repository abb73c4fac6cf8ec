"""Forgetting: an event, a conversation, everything of a user, or what is too old; gone wherever it is kept.

First what lies beside the log (boxes, feeds, files, whatever lets somebody in), each part whatever becomes of the
others. Then the log, then SQL in one transaction. Where a part fails the events stay, for they name what is left: doing
it again finishes it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import msgspec

from proto import documents, errors, events, forgetting
from proto.base import Caller
from proto.events import happened
from proto.forgetting import Forget, Forgotten, Recording
from proto.keeping import Position
from services.memory.parts import Parts
from services.memory.rebuilding import project_anew
from services.memory.store import Session, Store
from services.runtime.bus import Bus

PAUSE = 0.05
LOOKS = 400
"""How often we look whether SQL has caught up, with a pause between."""
AT_ONCE = 1000
OTHERS = 60.0
"""Seconds that another service may take for its part."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A row to be forgotten, at one of its places in the log."""

    id: str
    sequence: int
    text_hash: bytes


class Forgetter:
    """Takes things back, for the user they belong to."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._files = bus.objects(documents.FILES)

    async def forget(self, request: Forget, caller: Caller) -> Forgotten:
        """Delete what was named; only a person may, not the model in their name."""
        what = _what(request)
        if caller.actor != "user":
            raise errors.Refused("Only the user can have something forgotten; use `daimon forget`.")
        parts = Parts()
        if request.conversation or request.everything:
            await self._beside(request, caller.user, parts)
        await self._caught_up(caller.user)
        targets = await self._targets(request, caller.user)
        if not targets and not parts.failed:
            raise errors.Missing(f"There is nothing of yours to forget: {what}.")
        every = await self._files.of(caller.user) if request.everything else await self._named(targets, caller.user)
        for sha256 in every:
            await parts.do("a file", self._bus.eraser.file(self._files, caller.user, sha256))
        parts.check()
        caller = msgspec.structs.replace(caller, conversation="", cause="", key="")
        return await self._forget(targets, what, caller, anew=True)

    async def forget_old(self, kind: str, days: int, user: str = "") -> int:
        """Delete what is older than a kind is kept, of one user or of all; return how many events."""
        count = 0
        old = await self._store.fetch(_Owner, "owners_of_old", kind=kind, days=days)
        for owner in (each for each in old if user in ("", each.user)):
            caller = Caller(user=owner.user, actor="system")
            while targets := await self._store.fetch(
                Target, "old_events", user=owner.user, kind=kind, days=days, limit=AT_ONCE
            ):
                for sha256 in await self._named(targets, owner.user):
                    await self._bus.eraser.file(self._files, owner.user, sha256)
                await self._forget(targets, f"what is older than {days} days of {kind}", caller)
                count += len(targets)
        return count

    async def pause(self, _: forgetting.PauseRecording, caller: Caller) -> Recording:
        """Stop recording what is not needed."""
        await self._bus.journal.append(happened(forgetting.Paused(), caller))
        sentence = "Recording is paused: page visits, searches and questions in SQL leave no trace until it is resumed."
        return Recording(paused=True, sentence=sentence)

    async def resume(self, _: forgetting.ResumeRecording, caller: Caller) -> Recording:
        """Record everything again."""
        await self._bus.journal.append(happened(forgetting.Resumed(), caller))
        return Recording(paused=False, sentence="Everything is recorded again.")

    async def _beside(self, request: Forget, user: str, parts: Parts) -> None:
        """Erase what other services keep. Boxes go first, for what ends in them could still write to a feed."""
        boxes = forgetting.EraseBoxes(user=user, conversation=request.conversation)
        await parts.do("the box", self._bus.call(forgetting.ERASE_BOXES, boxes, timeout=OTHERS))
        await parts.do("what turns and jobs wrote", self._bus.eraser.feeds(user, request.conversation))
        if request.everything:
            access = forgetting.EraseAccess(user=user)
            await parts.do("sessions and keys", self._bus.call(forgetting.ERASE_ACCESS, access, timeout=OTHERS))

    async def _targets(self, request: Forget, user: str) -> Sequence[Target]:
        return await self._store.fetch(
            Target,
            "to_forget",
            user=user,
            event=_uuid(request.event),
            conversation=request.conversation,
            everything=request.everything,
        )

    async def _named(self, targets: Sequence[Target], user: str) -> list[str]:
        """The files that these events name, and no other event does."""
        ids = [target.id for target in targets]
        return [found.sha256 for found in await self._store.fetch(_File, "files_to_forget", user=user, id=ids)]

    async def _forget(self, targets: Sequence[Target], what: str, caller: Caller, *, anew: bool = False) -> Forgotten:
        await self._bus.eraser.events([target.sequence for target in targets])
        async with self._store.alone() as session:
            async with session.transaction():
                await _wipe(session, targets, caller.user)
            if anew:
                await session.run("rewrite_tables")
            else:
                await session.run("clean_tables")
            await session.run("clean_vectors")
            await _cut_journal(session)
        count = len({target.id for target in targets})
        happening = forgetting.Forgot(events=count, what=what)
        await self._bus.journal.append(happened(happening, caller))
        return Forgotten(events=count, sentence=happening.sentence())

    async def _caught_up(self, user: str) -> None:
        """Wait until SQL knows everything of the user that the log has, or something would be left."""
        newest = await self._bus.journal.last(events.of_user(user))
        for _ in range(LOOKS):
            if newest is None or (await self._position()) >= newest.sequence:
                return
            await asyncio.sleep(PAUSE)
        raise errors.Unavailable("SQL is behind the log, so something would be left; try again later.")

    async def _position(self) -> int:
        (position,) = await self._store.fetch(Position, "position")
        return position.sequence


class _File(msgspec.Struct, frozen=True, kw_only=True):
    sha256: str


class _Right(msgspec.Struct, frozen=True, kw_only=True):
    held: bool


class _Owner(msgspec.Struct, frozen=True, kw_only=True):
    user: str


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """A document that the log no longer knows."""

    document: str


async def _wipe(session: Session, targets: Sequence[Target], user: str) -> None:
    (position,) = await session.fetch(Position, "hold_position")
    hashes = [target.text_hash for target in targets]
    await session.run("wipe_events", id=[target.id for target in targets])
    await session.run("wipe_vectors", text_hash=hashes)
    await session.run("wipe_waiting", text_hash=hashes)
    await project_anew(session, position.sequence, user)
    for lost in await session.fetch(Lost, "lost_documents", user=user):
        await session.run("drop_passages", user=user, document=lost.document)


async def _cut_journal(session: Session) -> None:
    """Let go of Postgres' journal, which has the rows as they were; it stays where that is somebody else's to do."""
    (right,) = await session.fetch(_Right, "may_cut_journal")
    if right.held:
        await session.run("begin_journal_file")
        await session.run("checkpoint")


def _what(request: Forget) -> str:
    named = {"an event": request.event, "a conversation": request.conversation, "everything": request.everything}
    chosen = [what for what, value in named.items() if value]
    if len(chosen) != 1:
        raise errors.Invalid("Say what to forget: an event, a conversation, or everything.")
    return chosen[0]


def _uuid(event: str) -> str | None:
    try:
        return str(uuid.UUID(event)) if event else None
    except ValueError:
        raise errors.Missing(f"There is no event {event}.") from None
