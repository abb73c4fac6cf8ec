"""What a program reads of an answer is whole and ends, also where the log has its pieces in another order."""

from __future__ import annotations

import asyncio

from proto import chat
from proto.base import Caller
from proto.chat import Ended, Text
from services.gateway.programs.answers import answer
from services.runtime.bus import Bus

PARTS = (
    Text(attempt=1, offset=4, text="two"),
    Text(attempt=1, offset=0, text="one "),
    Ended(attempt=1, outcome="done", answer="one two three"),
)


async def test_an_answer_ends_whose_pieces_the_log_has_mixed_up(own_nats, ada):
    ours, theirs = own_nats.settings("gateway"), own_nats.settings("llm")
    async with Bus.open(theirs, "llm") as llm, Bus.open(ours, "gateway") as bus:

        async def send(request: chat.Send, caller: Caller) -> chat.Accepted:
            for part in PARTS:
                await llm.feed(chat.PARTS).append(part, caller.user, request.conversation, "counted")
            return chat.Accepted(turn="counted", conversation=request.conversation)

        await llm.serve("llm", {chat.SEND: send})
        async with asyncio.timeout(20):
            steps = [step async for step in answer(bus, ada, chat.Send(conversation="home", text="count"))]
    assert "".join(step.text for step in steps) == "one two three"
    assert steps[-1].ended == PARTS[-1]
