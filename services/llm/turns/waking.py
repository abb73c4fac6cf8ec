"""The end of a job wakes the assistant: where nobody speaks just then, and none chose otherwise, a turn opens."""

from __future__ import annotations

import contextlib
import logging

from proto import chat, errors, events
from proto.base import Caller
from proto.chat import excerpt
from proto.jobs import JobEnded, JobStarted
from proto.kinds import happening
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads
from services.llm.engines import Engines
from services.llm.reflex.reflex import Reflex
from services.runtime.bus import Bus, Delivery

LATER = 5.0
"""Seconds until it is tried again when the log did not answer."""
SAID = (
    "Job {job} (`{command}`), which you began in this conversation's box, has ended with exit code {code} after "
    "{seconds} s. Read what it printed with sandbox.output where that matters, then say in a few words what came of it."
)

_log = logging.getLogger("daimon.llm")


class Waking:
    """Opens turns at the ends of jobs."""

    def __init__(self, bus: Bus, threads: Threads, engines: Engines, most: int) -> None:
        """`most` turns open by themselves in one conversation without a person's word in between; 0: none does."""
        self._journal = bus.journal
        self._work = bus.work("ends")
        self._threads = threads
        self._engines = engines
        self._most = most

    async def run(self) -> None:
        """Look at the ends of jobs, one at a time, until cancelled."""
        async for delivery in self._work.each():
            try:
                await self._take(delivery)
                await delivery.ack()
            except errors.Failure as failure:
                _log.info("not woken: %s", failure.message, extra={"action": "turn.not_woken"})
                with contextlib.suppress(errors.Unavailable):
                    await delivery.later(LATER)

    async def _take(self, delivery: Delivery) -> None:
        event = delivery.recorded.event
        ended = happening(event)
        if not isinstance(ended, JobEnded) or ended.terminal or ended.state != "done" or not self._most:
            return
        if not (await self._engines.chosen.read(event.user)).wakes or not await self._was_the_models(event, ended.job):
            return
        await self._threads.read(event.user, event.conversation)
        caller = Caller(
            user=event.user, actor="system", conversation=event.conversation, cause=event.id, key=f"end-{event.id}"
        )
        if isinstance(self._engines.model("chat", caller), Reflex):
            # It answers what a person says; the end of a job is on the page and in the log all the same.
            return
        await self._threads.decide(caller, lambda thread: self._asked(thread, ended))

    async def _was_the_models(self, event: events.Event, job: str) -> bool:
        """Whether the assistant began it, and so waits for it."""
        found = await self._journal.read(events.in_conversation(event.user, event.conversation, "job"))
        began = (happening(each.event) for each in found if each.event.actor == "model")
        return any(isinstance(what, JobStarted) and what.job == job for what in began)

    def _asked(self, thread: Thread, ended: JobEnded) -> chat.Asked | None:
        """What a turn is opened with; None where the next one hears of it anyway, or where there were enough."""
        # Without an end nothing was said here yet; what is open hears of the job by what happened lately.
        kept_elsewhere = thread.end and thread.given(thread.end) is not None
        if not thread.end or kept_elsewhere or thread.open or unasked(thread) >= self._most:
            return None
        text = SAID.format(
            job=ended.job, command=excerpt(ended.command), code=ended.exit_code, seconds=round(ended.seconds)
        )
        return chat.Asked(text=text, mode="chat")


def unasked(thread: Thread) -> int:
    """How many turns were opened by nobody since a person spoke; a turn that was stopped counts as all there may be."""
    count = 0
    for exchange in reversed(thread.view("").exchanges):
        if exchange.outcome == "stopped":
            return 1_000_000
        if exchange.actor != "system":
            break
        count += 1
    return count
