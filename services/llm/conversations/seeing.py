"""What the llm service answers about what the model saw: the prompt of any step, and summaries taken back."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from proto import errors, seen
from proto.base import Caller
from proto.seen import Seen, Sent, SentMessage, SentTool, Unfolded
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads
from services.runtime.bus import Bus

FORGOTTEN = "What the model saw in this turn is not known: nothing was sent yet, or it was more than 30 days ago."


class Seeing:
    """One method a subject."""

    def __init__(self, bus: Bus, threads: Threads) -> None:
        self._sent = bus.feed(seen.SENT)
        self._threads = threads

    async def see(self, request: seen.See, caller: Caller) -> Seen:
        """Return what the model was sent in a step of a turn, word for word."""
        thread = await self._threads.read(caller.user, request.conversation)
        turn = request.turn or thread.end
        if turn not in thread:
            raise errors.Missing(f"This conversation has no turn '{turn}'." if turn else "Nothing was said here yet.")
        steps = whole(turn, await self._sent.read(caller.user, request.conversation, turn))
        if not steps:
            raise errors.Missing(FORGOTTEN)
        wanted = request.step or max(steps)
        if wanted not in steps:
            raise errors.Missing(f"The model was called {max(steps)} times in this turn; there is no step {wanted}.")
        return replace(steps[wanted], steps=max(steps))

    async def unfold(self, request: seen.Unfold, caller: Caller) -> seen.Unfolding:
        """Take a summary back."""
        caller = replace(caller, conversation=request.conversation)
        await self._threads.read(caller.user, caller.conversation)

        def unfolded(thread: Thread) -> Unfolded:
            if thread.open:
                raise errors.Busy
            if not thread.is_summarised(request.turn):
                raise errors.Missing("There is no summary up to that turn.")
            return Unfolded(upto=request.turn)

        await self._threads.decide(caller, unfolded)
        return seen.Unfolding(turn=request.turn)


def whole(turn: str, sent: Iterable[Sent]) -> dict[int, Seen]:
    """The whole of each step, by its number, out of the differences between them."""
    found: dict[int, Seen] = {}
    messages: tuple[SentMessage, ...] = ()
    tools: tuple[SentTool, ...] = ()
    for each in sent:
        messages = messages[: each.same] + each.messages
        tools = tools if each.tools is None else each.tools
        found[each.step] = Seen(
            turn=turn,
            step=each.step,
            steps=0,
            model=each.model,
            context=each.context,
            tokens=each.tokens,
            messages=messages,
            tools=tools,
        )
    return found
