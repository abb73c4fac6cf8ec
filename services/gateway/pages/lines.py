"""The list of conversations: by memory, and the latest of them by the log where memory is away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from proto import chat, events, marks, memory, titles
from proto.base import Caller
from proto.errors import Failure
from proto.events import Recorded
from proto.given import PREFIX
from proto.imports import AskedElsewhere
from proto.kinds import happening
from proto.marks import Marks, Shelf
from proto.memory import ConversationLine
from proto.ui_list import Lines
from services.gateway.pages import panes
from services.runtime.bus import Bus
from services.runtime.bus.journal import Journal

WINDOW = 40
"""Conversations in one piece of the list; the next piece comes when its end is scrolled to."""
PINS = 50
NEWS = 500
"""Events that memory may be behind before the list shows some of them late."""
LOOKS_BACK = (500, 5_000, 50_000)
"""Places of the log that are looked through for the latest conversations, while memory is away."""
AWAY = "Memory is away: these are the latest conversations only."
SHELVES: tuple[Shelf, ...] = ("open", "archived", "deleted")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which piece of the list is asked for."""

    shelf: Shelf = "open"
    words: str = ""
    tag: str = ""
    before: datetime | None = None
    before_id: str = ""

    @property
    def begins(self) -> bool:
        """Whether it is the beginning of the plain list, where pinned conversations stand apart."""
        return self.shelf == "open" and not (self.words or self.tag)

    def address(self, last: ConversationLine) -> str:
        """Where the next piece is found, after the last line of this one."""
        after = {"before": last.time.isoformat(), "before_id": last.id}
        return "/conversations?" + urlencode({"q": self.words, "tag": self.tag, "shelf": self.shelf, **after})


BEGINNING = Wanted()
Row = tuple[ConversationLine, ...]


def wanted(shelf: str, words: str, tag: str, before: str, before_id: str) -> Wanted:
    """Read what an address asks for; what it says wrongly is left out."""
    try:
        since = datetime.fromisoformat(before) if before else None
    except ValueError:
        since = None
    return Wanted(
        shelf=shelf if shelf in SHELVES else "open",
        words=" ".join(words.split())[:200],
        tag=tag[: marks.TAG_LIMIT],
        before=since if since and since.tzinfo else None,
        before_id=before_id[: marks.ID_LIMIT],
    )


async def lines(bus: Bus, caller: Caller, piece: Wanted = BEGINNING) -> Lines:
    """A piece of the list; where memory is away, what the log says of the latest conversations."""
    place = await sequence(bus.journal, caller.user)
    try:
        pinned, rest = await asyncio.gather(_pinned(bus, caller, piece), _listed(bus, caller, piece))
        more = piece.address(rest.conversations[-1]) if len(rest.conversations) == WINDOW else ""
        known = (*pinned.conversations, *rest.conversations)
        shown = await _caught_up(bus.journal, caller.user, known, rest.sequence, place)
        problem = ""
    except Failure:
        shown, more, problem = await latest(bus.journal, caller.user), "", AWAY
    above, below = _sorted_out(shown, piece)
    return Lines(
        pinned=above, lines=below, current=caller.conversation, problem=problem, more=more,
        shelf=piece.shelf, words=piece.words, tag=piece.tag, sequence=place,
    )  # fmt: skip


async def then(bus: Bus, caller: Caller, as_of: str) -> Lines:
    """The beginning of the list as it was at a moment."""
    asked = memory.ListConversations(limit=WINDOW, as_of=as_of)
    try:
        found = await bus.call(memory.CONVERSATIONS, asked, caller=caller, timeout=panes.TIMEOUT)
    except Failure as failure:
        return Lines(current=caller.conversation, problem=failure.message)
    return Lines(lines=found.conversations, current=caller.conversation)


async def _caught_up(
    journal: Journal, user: str, known: Sequence[ConversationLine], since: int, place: int
) -> list[ConversationLine]:
    """What memory said, with what happened since; memory is a moment behind the log."""
    if place <= since:
        return list(known)
    filters = (events.of_noun("chat", user), events.of_noun(marks.NOUN, user))
    news = await asyncio.gather(*(journal.read(each, after=since, limit=NEWS) for each in filters))
    names = {one.event.conversation for each in news for one in each}
    anew = await asyncio.gather(*(line(journal, user, name) for name in names))
    return [*filter(None, anew), *(one for one in known if one.id not in names)]


async def sequence(journal: Journal, user: str) -> int:
    """The place in the log of the last event that changed the list."""
    filters = (events.of_noun("chat", user), events.of_noun(marks.NOUN, user))
    found = await asyncio.gather(*map(journal.last, filters))
    return max((one.sequence for one in found if one), default=0)


async def line(journal: Journal, user: str, conversation: str) -> ConversationLine | None:
    """One conversation as the log has it; None for one that stands in no list."""
    if conversation.startswith(PREFIX):
        return None
    asked, answered, titled, first, made = await asyncio.gather(
        journal.last(events.of_kind(chat.Asked.kind, user, conversation)),
        journal.last(events.of_kind(chat.Answered.kind, user, conversation)),
        journal.last(events.of_kind(titles.Titled.kind, user, conversation)),
        journal.read(events.of_kind(chat.Asked.kind, user, conversation), limit=1),
        standing(journal, user, conversation),
    )
    said = [one.event.time for one in (asked, answered) if one]
    if not said:
        first = await journal.read(events.of_kind(AskedElsewhere.kind, user, conversation), limit=1)
        said = [what.said for one in first if isinstance(what := happening(one.event), AskedElsewhere)]
    if not said:
        return None
    return ConversationLine(
        id=conversation, title=_title(titled, first), time=max(said), exchanges=0, **msgspec.structs.asdict(made)
    )


async def standing(journal: Journal, user: str, conversation: str) -> Marks:
    """How a conversation stands in the list."""
    recorded = await journal.read(events.in_conversation(user, conversation, marks.NOUN))
    return marks.standing(happening(one.event) for one in recorded)


async def latest(journal: Journal, user: str) -> list[ConversationLine]:
    """The conversations that were spoken in last, newest first, by the end of the log."""
    asked = events.of_kind(chat.Asked.kind, user)
    newest = await journal.last(asked)
    if newest is None:
        return []
    for looks in LOOKS_BACK:
        after = max(0, newest.sequence - looks)
        found = [one.event.conversation for one in await journal.read(asked, after=after)]
        names = list(dict.fromkeys(reversed(found)))
        if len(names) >= WINDOW or not after:
            break
    known = await asyncio.gather(*(line(journal, user, name) for name in names[:WINDOW]))
    return list(filter(None, known))


async def _pinned(bus: Bus, caller: Caller, piece: Wanted) -> memory.Conversations:
    if not piece.begins or piece.before:
        return memory.Conversations(conversations=())
    asked = memory.ListConversations(shelf="open", pinned=True, limit=PINS)
    return await bus.call(memory.CONVERSATIONS, asked, caller=caller, timeout=panes.TIMEOUT)


async def _listed(bus: Bus, caller: Caller, piece: Wanted) -> memory.Conversations:
    asked = memory.ListConversations(
        shelf=piece.shelf,
        pinned=False if piece.begins else None,
        words=piece.words,
        tag=piece.tag,
        before=piece.before,
        before_id=piece.before_id,
        limit=WINDOW,
    )
    return await bus.call(memory.CONVERSATIONS, asked, caller=caller, timeout=panes.TIMEOUT)


def _sorted_out(found: list[ConversationLine], piece: Wanted) -> tuple[Row, Row]:
    """Those of the piece, newest first: the pinned ones, and the others."""
    newest = sorted(found, key=lambda one: (one.time, one.id), reverse=True)
    fits = [one for one in newest if one.shelf == piece.shelf and _matches(one, piece)]
    if not piece.begins:
        return (), tuple(fits)
    return tuple(one for one in fits if one.pinned), tuple(one for one in fits if not one.pinned)


def _matches(one: ConversationLine, piece: Wanted) -> bool:
    text = " ".join((one.title, *one.tags)).casefold()
    fits = all(word in text for word in piece.words.casefold().split()) and (not piece.tag or piece.tag in one.tags)
    return fits and (piece.before is None or (one.time, one.id) < (piece.before, piece.before_id))


def _title(titled: Recorded | None, first: Sequence[Recorded]) -> str:
    named = happening(titled.event) if titled else None
    if isinstance(named, titles.Titled):
        return named.title
    asked = happening(first[0].event) if first else None
    return chat.title_of(asked.text) if isinstance(asked, chat.Asked) else ""


def placed(one: ConversationLine, shelf: str = "open") -> str:
    """In which part of a list it stands: among the pinned, below them, or nowhere."""
    if one.shelf != shelf:
        return ""
    return "pinned" if one.pinned and shelf == "open" else "open"
