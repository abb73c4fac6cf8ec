"""The names of conversations: by the model after the first answer, by their user at any time."""

from __future__ import annotations

import contextlib
import logging
import re
from datetime import UTC, datetime

from msgspec.structs import replace

from proto import errors, titles
from proto.base import Caller
from proto.chat import Answered, excerpt
from proto.kinds import happening
from proto.titles import Exported, Titled
from services.llm.conversations import exporting
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads
from services.llm.engines import Engines
from services.llm.reflex.reflex import Reflex
from services.runtime.bus import Bus, Delivery

READ = 1500
"""Characters of the question and of the answer that are read for a title."""
TOKENS = 300
PATIENCE = 10.0
"""Seconds that a title lets answers go first: to a model that makes one thing at a time it is one more question."""
LENGTH = 60
"""Characters of a title that the model makes."""
_AROUND = re.compile(r"^(?:title\s*:)?[\s\"'#*_“”\u2018\u2019`]+|[\s\"'#*_“”\u2018\u2019`.]+$", re.IGNORECASE)

_log = logging.getLogger("daimon.llm")


class Titling:
    """Names conversations."""

    def __init__(self, bus: Bus, threads: Threads, engines: Engines, num_ctx: int) -> None:
        self._work = bus.work("titles")
        self._threads = threads
        self._engines = engines
        self._num_ctx = num_ctx
        self._exports = exporting.Pieces()

    async def run(self) -> None:
        """Name conversations after their first answers, one at a time, until cancelled."""
        async for delivery in self._work.each():
            try:
                await self._engines.calm.come(_patience(delivery))
                await self._take(delivery)
                await delivery.ack()
            except errors.Failure as failure:
                # It is called by its first words then.
                _log.info("no title: %s", failure.message, extra={"action": "title.failed"})
                await _give_up(delivery)

    async def rename(self, request: titles.Rename, caller: Caller) -> titles.Renamed:
        """Call a conversation something else."""
        title = " ".join(request.title.split())
        if not title or "\0" in title:
            raise errors.Invalid("A title needs some letters.")
        caller = replace(caller, conversation=request.conversation)
        thread = await self._threads.read(caller.user, caller.conversation)
        if not thread.end:
            raise errors.Missing("Nothing was said in this conversation yet.")
        await self._threads.decide(
            caller, lambda now: None if now.title == title else Titled(title=title, before=now.title)
        )
        return titles.Renamed(title=title)

    async def export(self, request: titles.Export, caller: Caller) -> Exported:
        """Write a conversation down, as far as a message carries it."""
        conversation = request.conversation or caller.conversation
        return await self.piece(titles.ExportPiece(conversation=conversation, form=request.form), caller)

    async def piece(self, request: titles.ExportPiece, caller: Caller) -> Exported:
        """Write a piece of a conversation down."""
        thread = await self._threads.read(caller.user, request.conversation)
        shown = thread.view(request.conversation)
        if not shown.exchanges:
            raise errors.Missing("There is no conversation with this id, or nothing was said in it yet.")
        return self._exports.piece(caller, request, shown, thread.every)

    async def _take(self, delivery: Delivery) -> None:
        event = delivery.recorded.event
        answered = happening(event)
        caller = Caller(user=event.user, actor="model", conversation=event.conversation, cause=event.id)
        if not isinstance(answered, Answered):
            return
        thread = await self._threads.containing(caller.user, caller.conversation, answered.turn)
        if not _wants(thread, answered):
            return
        choices = await self._engines.chosen.of(caller.user)
        aside = self._engines.aside("title", caller, choices, thread.options.model or "")
        if isinstance(aside.model, Reflex):
            return
        rules = choices.instruction("title")
        # In another context size a server would load the model anew.
        num_ctx = thread.options.num_ctx or self._num_ctx
        title = cleaned(await aside.ask(rules.text, _told(thread[answered.turn].asked, answered.text), num_ctx, TOKENS))
        if title:
            named = Titled(title=title, version=rules.number)
            await self._threads.decide(caller, lambda now: None if now.titled else named)


def _patience(delivery: Delivery) -> float:
    """Seconds that a title still lets answers go first; many answers make none of them wait for ever."""
    age = datetime.now(UTC) - delivery.recorded.event.time
    return min(PATIENCE, PATIENCE - age.total_seconds())


async def _give_up(delivery: Delivery) -> None:
    """Let it not come again; where the bus is away it does, and is looked at anew."""
    with contextlib.suppress(errors.Unavailable):
        await delivery.ack()


def cleaned(title: str) -> str:
    """A title as the model wrote it, without what it put around it."""
    line = next(filter(None, map(str.strip, title.splitlines())), "")
    bare = _AROUND.sub("", _AROUND.sub("", line)).replace("\0", "")
    return bare if len(bare) <= LENGTH else excerpt(bare)[:LENGTH].rstrip("…") + "…"


def _wants(thread: Thread, answered: Answered) -> bool:
    """Whether this was the first answer of a conversation that has no name yet."""
    turn = answered.turn
    first = turn in thread and not thread[turn].parent and thread[turn].mode == "chat"
    # A conversation that its client keeps is in no list of ours.
    given = thread.given(turn)
    listed = given is None or not given.messages
    return first and listed and not thread.titled and answered.outcome == "done"


def _told(asked: str, answer: str) -> str:
    return f"User: {asked[:READ]}\nAssistant: {answer[:READ]}"
