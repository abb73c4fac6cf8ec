"""What one open page follows: the user's events and the parts of its conversation, as changes to the page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from proto import chat, jobs, seen, ui, versions
from proto.accounts import Notice
from proto.base import Caller, Nothing
from proto.errors import Failure
from proto.events import Event, Happening
from services.gateway.gate import Gate
from services.gateway.live.cards import Cards
from services.gateway.live.growing import grown
from services.gateway.live.listing import Listing
from services.gateway.live.standing import standing
from services.gateway.live.tail import Shown, Tail
from services.gateway.live.turns import Gap, Talk, merged
from services.gateway.pages import panes
from services.gateway.pages.notices import Corner
from services.runtime.bus import Interrupted
from services.runtime.bus.live import Following

HEARTBEAT = 15.0
OVERDUE = 1.0
"""Seconds a turn may look open after the log says that it is over, or a conversation may stay unread."""
SETTLE = 1.0
"""Seconds until memory surely has what has just happened."""

Write = Callable[[str], Awaitable[None]]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, so what it must be told of."""

    conversation: str = ""
    seen: int = 0
    """The place in the log up to which the page was true when it was made."""
    turn: str = ""
    """The first turn that may change; earlier ones are settled."""
    tasks: bool = False
    notices: tuple[Notice, ...] = ()
    show: Literal["all", "open", "done"] = "all"
    words: str = ""
    """Which tasks."""
    timeline: Shown | None = None
    lines: str = ""
    """Whether the list of conversations stands there; `full` with what can be done with each."""
    listed: int = 0
    """The place in the log up to which the list was true."""


class Live:
    """One page that is open."""

    def __init__(self, gate: Gate, caller: Caller, wanted: Wanted, frame: ui.Frame, write: Write) -> None:
        self._bus = gate.bus
        self._audience = gate.audience
        self._caller = caller
        self._wanted = wanted
        self._frame = frame
        self._write = write
        self._piece: ui.Piece
        self._talk = Talk()
        self._cards = Cards(gate.bus, caller)
        self._corner = Corner(wanted.notices)
        self._heard: list[tuple[Event, Happening | None]] = []
        self._parts: list[tuple[str, chat.Part]] = []
        self._changes: list[ui.Change] = []
        self._came = asyncio.Event()
        self._tasks_changed = asyncio.Event()
        self._listing = Listing(gate.bus, caller, full=wanted.lines == "full")
        self._unsure = False
        """Whether the conversation must be read (again)."""
        self._whole = False
        """Whether other versions of the conversation are read now than the page shows."""
        self._branching = False
        """Whether the next message begins a branch."""
        self._tail = Tail(gate.bus, caller, wanted.timeline) if wanted.timeline else None
        self._doubtful: set[str] = set()
        """Turns that are over in the log but not on the page."""

    async def run(self) -> None:
        """Follow until cancelled; raises Interrupted or a Failure, after which the page must connect anew."""
        try:
            await self._follow()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _follow(self) -> None:
        user, conversation = self._caller.user, self._wanted.conversation
        async with (
            self._audience.join(user, self._hear) as seat,
            self._bus.feed(chat.PARTS).follow(user, conversation) as written,
            self._bus.feed(jobs.PRINTS).follow(user, conversation) as printed,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(_until(seat.ended))
            group.create_task(self._collect(written))
            group.create_task(self._cards.collect(printed, self._came))
            if self._wanted.lines:
                group.create_task(self._relist())
            if self._wanted.tasks:
                group.create_task(self._reread(self._tasks_changed, 0, self._read_board))
            if self._tail:
                group.create_task(self._look_again(self._tail))
            self._piece = await self._bus.call(ui.PIECE, Nothing())
            await self._show([ui.Online(), *await self._missed()])
            await self._turn_by_turn()

    async def _missed(self) -> list[ui.Change]:
        """What may have changed between the page's first render and now."""
        wanted = self._wanted
        changes = await self._catch_up()
        changes.append(ui.Offered(offer=await standing(self._bus, self._caller.user)))
        if wanted.lines:
            changes += await self._listing.missed(wanted.listed)
        return [*changes, await self._read_board()] if wanted.tasks else changes

    async def _turn_by_turn(self) -> None:
        while True:
            if await self._anything():
                self._came.clear()
                await self._show(self._taken())
            else:
                self._unsure = self._unsure or any(map(self._talk.is_open, self._doubtful))
                self._doubtful.clear()
            if self._unsure:
                await self._show(await self._catch_up())

    async def _anything(self) -> bool:
        """Wait for something to come; False when it is time to look at what is missing."""
        hurried = self._unsure or self._doubtful
        try:
            async with asyncio.timeout(OVERDUE if hurried else HEARTBEAT):
                await self._came.wait()
        except TimeoutError:
            await self._write("")
            return False
        return True

    def _taken(self) -> list[ui.Change]:
        """Everything that has come, in one piece; events first, because a turn is asked for before it is written."""
        changes, self._changes = self._changes, []
        heard, self._heard = self._heard, []
        written, self._parts = self._parts, []
        for event, found in heard:
            changes += self._notice(event, found)
        if self._tail:
            changes += self._tail.taken()
        try:
            for turn, part in written:
                changes += map(self._cards.dressed, self._talk.take(turn, part))
            changes += self._cards.taken(self._talk.running())
        except (Gap, Interrupted):
            self._unsure = True
        return changes

    def _hear(self, event: Event, found: Happening | None) -> None:
        """Keep what concerns this page; everything else must cost next to nothing, because every page hears it."""
        if event.kind.startswith("task."):
            self._tasks_changed.set()
        elif self._wanted.lines:
            self._listing.hear(event, found)
        if said := self._corner.hear(event, found):
            self._changes += said
            self._came.set()
        wanted = self._wanted
        ours = bool(wanted.conversation) and event.conversation == wanted.conversation
        if ours:
            self._heard.append((event, found))
        if ours or (self._tail and self._tail.hear(event)):
            self._came.set()

    def _notice(self, event: Event, found: Happening | None) -> tuple[ui.Change, ...]:
        if isinstance(found, versions.Selected | seen.Unfolded) or (
            isinstance(found, chat.Asked) and self._turns_away(found)
        ):
            self._whole = self._unsure = True
        if self._unsure:
            return ()
        if isinstance(found, chat.Asked):
            return self._talk.ask(_exchange(event, found))
        if isinstance(found, chat.Answered) and self._talk.is_open(found.turn):
            self._doubtful.add(found.turn)
        return ()

    def _turns_away(self, asked: chat.Asked) -> bool:
        """Whether a question makes another version of what the page shows."""
        return self._branching or asked.way != "new"

    async def _catch_up(self) -> list[ui.Change]:
        """Read the conversation; returns its open end anew if the page has missed any, and nothing if it failed."""
        if not self._wanted.conversation:
            return []
        try:
            found = await panes.conversation(self._bus, self._caller)
            exchanges = self._changeable(found)
            parts = {each.turn: await self._written(each.turn) for each in exchanges if each.outcome is None}
        except Failure:
            self._unsure = True
            return []
        shown = self._talk.restart(exchanges, parts)
        self._unsure, self._branching = False, bool(found.onward)
        if not parts and found.sequence == self._wanted.seen:
            return []
        whole, self._whole = self._whole, False
        # From now on the page differs from its first render.
        first = exchanges[0].turn if whole and exchanges else self._wanted.turn
        self._wanted = msgspec.structs.replace(self._wanted, seen=-1, turn=first)
        before = found.earlier + len(found.exchanges) - len(exchanges)
        reset = ui.Reset(exchanges=shown, whole=whole, onward=found.onward, earlier=before)
        return [reset, *await self._cards.read(self._talk.running())]

    def _changeable(self, found: chat.Conversation) -> tuple[chat.Exchange, ...]:
        """The exchanges that the page must be told of: all of them where the first that may change is not read now."""
        places = [place for place, exchange in enumerate(found.exchanges) if exchange.turn == self._wanted.turn]
        self._whole = self._whole or bool(self._wanted.turn and not places)
        return found.exchanges if self._whole or not places else found.exchanges[places[0] :]

    async def _written(self, turn: str) -> list[chat.Part]:
        return await self._bus.feed(chat.PARTS).read(self._caller.user, self._wanted.conversation, turn)

    async def _show(self, changes: list[ui.Change]) -> None:
        if not changes:
            return
        together = merged(changes)
        html = grown(together, self._piece)
        if not html:
            html = (await self._bus.call(ui.LIVE, ui.Changes(changes=together, frame=self._frame))).html
        await self._write(html)

    async def _collect(self, written: Following[tuple[tuple[str, ...], chat.Part]]) -> None:
        async for (_, _, turn), part in written:
            self._parts.append((turn, part))
            self._came.set()

    async def _reread(self, changed: asyncio.Event, delay: float, read: Callable[[], Awaitable[ui.Change]]) -> None:
        """Read something again each time it changed; changes that come close together are one."""
        while True:
            await changed.wait()
            await asyncio.sleep(delay)
            changed.clear()
            change = await read()
            self._changes.append(change)
            self._came.set()

    async def _read_board(self) -> ui.Change:
        board = await panes.board(self._bus, self._caller)
        return ui.Tasked(board=msgspec.structs.replace(board, show=self._wanted.show, words=self._wanted.words))

    async def _look_again(self, tail: Tail) -> None:
        """Show what happened before this page heard of anything, once memory surely has it."""
        await asyncio.sleep(SETTLE)
        missed = await tail.missed()
        self._changes += missed
        self._came.set()

    async def _relist(self) -> None:
        while True:
            changes = await self._listing.next()
            self._changes += changes
            self._came.set()


async def _until(ended: asyncio.Future[None]) -> None:
    await ended


def _exchange(event: Event, asked: chat.Asked) -> chat.Exchange:
    return chat.Exchange(
        turn=event.id, time=event.time, asked=asked.text, mode=asked.mode, actor=event.actor, parent=asked.parent or ""
    )
