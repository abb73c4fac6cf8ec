"""Running the actions a model asks for: found in the menu, checked, called in the user's name, never silent."""

from __future__ import annotations

import asyncio
import time

import msgspec

from proto import errors
from proto.base import Caller
from proto.chat import ToolUse
from proto.llm import MenuItem
from services.llm.catalogue import Catalogue, subject
from services.llm.late import Late
from services.llm.model import ToolCall
from services.llm.offering import Offering
from services.llm.phrasebook import Embedder
from services.runtime.bus import Bus

TIMEOUT = 610.0
"""Seconds an action may take: longer than the longest command in the sandbox."""
QUICK, LEISURELY = 0.25, 2.0
"""Seconds between looks at what runs, while the menu changes and when it has settled."""
SETTLED = 5.0
ARGUMENTS_LIMIT = 100_000
"""Characters of arguments; more is refused before anything runs."""


class Tools:
    """The menu, with the power to use it."""

    def __init__(self, bus: Bus, catalogue: Catalogue, engine: Embedder) -> None:
        self._bus = bus
        self.catalogue = catalogue
        self.offering = Offering(catalogue, engine)
        self.late = Late(bus.journal)

    async def run(self, call: ToolCall, tool: ToolUse, caller: Caller) -> ToolUse:
        """Run one call and return it with its result; a failure is a result too, in words the model can act on."""
        started = time.perf_counter()
        try:
            result, ok = await self._run(call, tool, caller), True
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
        self.catalogue.learn(await self._bus.discover())

    async def keep_learning(self) -> None:
        """Follow what comes and goes; closely while things are starting, then at leisure."""
        still = 0.0
        while True:
            pause = QUICK if still < SETTLED else LEISURELY
            await asyncio.sleep(pause)
            before = self.catalogue.menu
            await self.learn()
            await self.offering.warm()
            still = still + pause if self.catalogue.menu == before else 0.0

    async def _run(self, call: ToolCall, tool: ToolUse, caller: Caller) -> str:
        if len(tool.arguments) > ARGUMENTS_LIMIT:
            raise errors.TooLarge(f"The arguments are too large: {len(tool.arguments)} characters.")
        item = await self._find(call.action)
        self.catalogue.check(item, call.arguments)
        payload = msgspec.json.encode(call.arguments)
        reply = await self._bus.call_subject(subject(item, caller), payload, caller=caller, timeout=TIMEOUT)
        return reply.decode(errors="replace")

    async def _find(self, action: str) -> MenuItem:
        """Find an action; one that is not known may have come this moment."""
        try:
            return self.catalogue.find(action)
        except errors.Missing:
            await self.learn()
            return self.catalogue.find(action)
