"""What memory has to say about a text, for answers that quote it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from proto import memory
from proto.base import Caller
from services.llm.reflex.reflex import Quote
from services.runtime.bus import Bus

QUOTED = 3
TELLING = ("memory.noted", "chat.asked", "task", "document", "file", "sandbox.ran", "job")
"""What is worth quoting: what people said and did, not what was answered to them."""
PATIENCE = 2.0


Recall = Callable[[Caller, str], Awaitable[Sequence[Quote]]]


async def recall(bus: Bus, caller: Caller, text: str) -> Sequence[Quote]:
    """Return the nearest events of the caller's own log but the one that asks; Failure when memory does not answer."""
    as_model = msgspec.structs.replace(caller, actor="model")
    wanted = memory.Search(query=text[:2000], kinds=TELLING, limit=QUOTED + 1)
    found = await bus.call(memory.REMIND, wanted, caller=as_model, timeout=PATIENCE)
    others = [hit for hit in found.hits if hit.event != caller.cause][:QUOTED]
    return [Quote(event=hit.event, time=f"{hit.time:%d %B %Y, %H:%M} UTC", sentence=hit.sentence) for hit in others]
