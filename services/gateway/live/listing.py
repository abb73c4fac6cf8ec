"""The list of conversations on a page that is open: which lines changed, each read again from the log."""

from __future__ import annotations

import asyncio

from proto import chat, marks, titles, ui
from proto.base import Caller
from proto.events import Event, Happening
from proto.ui_list import Lined, Listed, Stands
from services.gateway.pages import lines
from services.runtime.bus import Bus

TOGETHER = 0.05
"""Seconds in which changes of the same line are one."""
_MOVING: tuple[type[Happening], ...] = (chat.Asked, chat.Answered, titles.Titled, *marks.KINDS)


class Listing:
    """The list as one page shows it."""

    def __init__(self, bus: Bus, caller: Caller, *, full: bool) -> None:
        self._bus = bus
        self._caller = caller
        self._full = full
        self._moved: set[str] = set()
        self._marked = False
        """Whether the open conversation stands otherwise."""
        self._came = asyncio.Event()

    def hear(self, event: Event, found: Happening | None) -> None:
        """Note what moves a line."""
        if event.conversation and isinstance(found, _MOVING):
            self._moved.add(event.conversation)
            self._marked = self._marked or self._is_ours(event, found)
            self._came.set()

    async def next(self) -> list[ui.Change]:
        """Wait until lines have moved, and return how they stand now."""
        await self._came.wait()
        await asyncio.sleep(TOGETHER)
        self._came.clear()
        moved, self._moved = self._moved, set()
        changes: list[ui.Change] = [change for name in sorted(moved) for change in await self._line(name)]
        if self._marked:
            self._marked = False
            changes.append(await self._standing())
        return changes

    async def missed(self, since: int) -> list[ui.Change]:
        """The list anew, where it has changed since a place in the log."""
        if await lines.sequence(self._bus.journal, self._caller.user) <= since:
            return []
        anew: list[ui.Change] = [Listed(lines=await lines.lines(self._bus, self._caller))]
        return [*anew, await self._standing()] if self._caller.conversation else anew

    def _is_ours(self, event: Event, found: Happening | None) -> bool:
        return event.conversation == self._caller.conversation and isinstance(found, marks.KINDS)

    async def _line(self, conversation: str) -> list[ui.Change]:
        found = await lines.line(self._bus.journal, self._caller.user, conversation)
        if found is None:
            return []
        current = self._caller.conversation
        return [Lined(line=found, place=lines.placed(found), current=current, full=self._full)]

    async def _standing(self) -> ui.Change:
        user, conversation = self._caller.user, self._caller.conversation
        return Stands(conversation=conversation, marks=await lines.standing(self._bus.journal, user, conversation))
