"""The pieces of an answer go out in the order they were written in."""

from __future__ import annotations

import asyncio

from proto.chat import Part, Started, Text
from services.llm.turns.writer import Writer


class Asked:
    """A turn whose message the log has not taken yet."""

    attempt = 1

    def __init__(self) -> None:
        self.taken = asyncio.Event()

    @property
    def is_accepted(self) -> bool:
        return self.taken.is_set()

    async def accepted(self) -> None:
        await self.taken.wait()


async def test_no_piece_overtakes_one_that_waited_for_the_log_to_take_the_message():
    sent: list[Part] = []

    async def append(*parts: Part) -> None:
        sent.extend(parts)

    asked = Asked()
    writer = Writer(append, asked)
    await writer.started("small")
    await writer.text("one ")
    await asyncio.sleep(0)
    asked.taken.set()
    await writer.text("two")
    await writer.flush()
    assert [type(part) for part in sent] == [Started, Text, Text]
    assert [(part.offset, part.text) for part in sent[1:]] == [(0, "one "), (4, "two")]
