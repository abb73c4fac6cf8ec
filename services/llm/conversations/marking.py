"""How conversations stand in their user's list: pinned, archived, tagged, deleted; decided from the log each time."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from proto import errors, events, marks
from proto.base import Caller
from proto.events import Happening, Recorded
from proto.kinds import happening
from proto.marks import Marked, Marks
from services.llm.conversations.threads import Threads
from services.runtime.bus import Repeated, Routes
from services.runtime.bus.journal import Expect, Journal

TRIES = 5
Decide = Callable[[Marks, str], Happening]
"""From the marks and the title of a conversation to what happens to it."""


class Marking:
    """One method a subject."""

    def __init__(self, journal: Journal, threads: Threads) -> None:
        self._journal = journal
        self._threads = threads

    def routes(self) -> Routes:
        """The calls, with what answers them."""
        return {marks.PIN: self.pin, marks.ARCHIVE: self.archive, marks.DELETE: self.delete, marks.LABEL: self.label}

    async def pin(self, request: marks.Pin, caller: Caller) -> Marked:
        """Keep a conversation at the top of the list, or let it sink again."""

        def decide(_: Marks, title: str) -> Happening:
            return marks.Pinned(conversation=request.conversation, title=title, pinned=request.pinned)

        return await self._mark(replace(caller, conversation=request.conversation), decide)

    async def archive(self, request: marks.Archive, caller: Caller) -> Marked:
        """Put a conversation away, or back into the list."""

        def decide(_: Marks, title: str) -> Happening:
            return marks.Archived(conversation=request.conversation, title=title, archived=request.archived)

        return await self._mark(replace(caller, conversation=request.conversation), decide)

    async def delete(self, request: marks.Delete, caller: Caller) -> Marked:
        """Take a conversation out of the list, or put it back."""

        def decide(_: Marks, title: str) -> Happening:
            return marks.Deleted(conversation=request.conversation, title=title, deleted=request.deleted)

        return await self._mark(replace(caller, conversation=request.conversation), decide)

    async def label(self, request: marks.Label, caller: Caller) -> Marked:
        """Give a conversation other tags."""
        wanted = _tags(request.tags)

        def decide(known: Marks, title: str) -> Happening:
            return marks.Labelled(conversation=request.conversation, title=title, before=known.tags, tags=wanted)

        return await self._mark(replace(caller, conversation=request.conversation), decide)

    async def _mark(self, caller: Caller, decide: Decide) -> Marked:
        """Decide, and record it if nobody else marked the conversation since; otherwise decide again."""
        title = await self._title(caller)
        mine = events.in_conversation(caller.user, caller.conversation, marks.NOUN)
        for _ in range(TRIES):
            before = await self._journal.read(mine)
            known = marks.standing(happening(one.event) for one in before)
            if done := _done(before, caller):
                return Marked(marks=known, event=done)
            what = decide(known, title)
            after = marks.marked(known, what)
            if after == known:
                return Marked(marks=known)
            event = events.happened(what, caller)
            expect = Expect(filter=mine, sequence=before[-1].sequence if before else 0)
            try:
                await self._journal.append(event, expect=expect)
            except (errors.Conflict, Repeated):
                continue
            return Marked(marks=after, event=event.id)
        raise errors.Conflict("The conversation is being changed by somebody else all the time; try again.")

    async def _title(self, caller: Caller) -> str:
        title = (await self._threads.read(caller.user, caller.conversation)).title
        if not title:
            raise errors.Missing("There is no conversation with this id, or nothing was said in it yet.")
        return title


def _done(before: list[Recorded], caller: Caller) -> str:
    """The event that this very request led to already, empty when it did not."""
    same = (
        one.event.id for one in before if caller.key and (one.event.key, one.event.actor) == (caller.key, caller.actor)
    )
    return next(same, "")


def _tags(given: tuple[str, ...]) -> tuple[str, ...]:
    """Tags in their order, each once, on one line."""
    lines = (" ".join(tag.replace("\0", "").split()) for tag in given)
    return tuple(dict.fromkeys(filter(None, lines)))
