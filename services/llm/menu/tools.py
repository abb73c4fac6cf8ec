"""Running the actions a model asks for: found in the menu, checked, called in the user's name, never silent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec

from proto import errors
from proto.base import Caller
from proto.chat import ToolUse
from proto.llm import MenuItem
from services.llm.menu.catalogue import Catalogue, subject
from services.llm.menu.gate import Gate, Told
from services.llm.menu.late import Late
from services.llm.menu.offering import Offering
from services.llm.menu.roll import Roll
from services.llm.reflex.phrasebook import Embedder
from services.runtime.bus import Bus

TIMEOUT = 610.0
"""Seconds an action may take: longer than the longest command in the sandbox."""
QUICK, LEISURELY = 0.25, 2.0
"""Seconds between looks at what runs, while the menu changes and when it has settled."""
SETTLED = 5.0
CALM = 1.0
"""Seconds without a change after which the menu is worth being learnt by its meaning."""
ARGUMENTS_LIMIT = 100_000
"""Characters of arguments; more is refused before anything runs."""


class Tools:
    """The menu, with the power to use it."""

    def __init__(self, bus: Bus, catalogue: Catalogue, gate: Gate, engine: Embedder) -> None:
        self._bus = bus
        self.catalogue = catalogue
        self.offering = Offering(catalogue, engine)
        self.late = Late(bus.journal)
        self.gate = gate
        self.roll = Roll()
        self.settled = False
        """Whether nothing has come or gone for a while."""

    async def run(self, tool: ToolUse, caller: Caller, read: Sequence[ToolUse], told: Told) -> ToolUse:
        """Run one call and return it with its result; a failure is a result too, in words the model can act on.

        `read` is what the model has been shown of other calls, which decides whether a person is asked first.
        """
        started = time.perf_counter()
        try:
            item = await self.checked(tool)
            asked = await self.gate.admit(item, tool, caller, read)
            if asked is not None:
                tool = await self.gate.answered(asked, caller, tool, told)
                await told.calling(tool)
            started = time.perf_counter()
            result, ok = await self._run(item, tool, caller), True
        except errors.Failure as failure:
            result, ok = failure.message, False
        seconds = round(time.perf_counter() - started, 4)
        return msgspec.structs.replace(tool, ok=ok, result=result, seconds=seconds)

    def was_proper(self, tool: ToolUse) -> bool:
        """Tell whether a call that failed was at least well formed: a known action with arguments it takes."""
        try:
            self.catalogue.check(self.catalogue.find(tool.action), msgspec.json.decode(tool.arguments))
        except errors.Failure:
            return False
        return True

    def only_reads(self, action: str) -> bool:
        """Tell whether an action changes nothing, so that others may run beside it."""
        try:
            return self.catalogue.find(action).risk == "read"
        except errors.Missing:
            return False

    async def learn(self) -> None:
        """Look again at what runs."""
        found = await self._bus.discover()
        self.catalogue.learn(found)
        await self.roll.call(found)

    async def keep_learning(self) -> None:
        """Follow what comes and goes; closely while things are starting, then at leisure."""
        still = 0.0
        while True:
            pause = QUICK if still < SETTLED else LEISURELY
            await asyncio.sleep(pause)
            before = self.catalogue.menu
            await self.learn()
            still = still + pause if self.catalogue.menu == before else 0.0
            self.settled = still >= SETTLED
            if still >= CALM:
                await self.offering.warm()

    async def checked(self, tool: ToolUse) -> MenuItem:
        """Find the action of a call whose arguments it takes; raises what is wrong."""
        if len(tool.arguments) > ARGUMENTS_LIMIT:
            raise errors.TooLarge(f"The arguments are too large: {len(tool.arguments)} characters.")
        item = await self._find(tool.action)
        self.catalogue.check(item, msgspec.json.decode(tool.arguments))
        return item

    async def _run(self, item: MenuItem, tool: ToolUse, caller: Caller) -> str:
        address = subject(item, caller)
        asking = self._bus.call_subject(address, tool.arguments.encode(), caller=caller, timeout=TIMEOUT)
        reply = await self.roll.answered(item.name, asking)
        return reply.decode(errors="replace")

    async def _find(self, action: str) -> MenuItem:
        """Find an action; one that is not known may have come this moment."""
        try:
            return self.catalogue.find(action)
        except errors.Missing:
            await self.learn()
            return self.catalogue.find(action)
