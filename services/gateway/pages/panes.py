"""What pages are made of, read from the services that have it; a part that is away says so in its place."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from proto import board as boards
from proto import boxes, chat, llm, models, tasks, ui
from proto.base import Caller, Nothing
from proto.errors import Failure, Missing
from services.runtime.bus import Bus

WINDOW = 20
"""Exchanges of a conversation on a page; earlier ones come when its beginning is scrolled to."""
TIMEOUT = 2.0
"""Seconds a page waits for what stands beside its main thing."""
BRIEF = 0.5
"""A page does not wait as long for a box, or for what a model server has, as for other things."""
MEMORY_LATE = "Memory is still catching up. What is done meanwhile is safe and will appear."


async def conversation(bus: Bus, caller: Caller, *, upto: str = "", last: int = WINDOW) -> chat.Conversation:
    """The end of a conversation as it is now, or of its part up to a turn; one that nobody has begun is empty."""
    wanted = chat.Read(conversation=caller.conversation, last=last, upto=upto)
    try:
        return await bus.call(chat.READ, wanted, caller=caller)
    except Missing:
        return chat.Conversation(id=caller.conversation, title="")


async def board(bus: Bus, caller: Caller, *, as_of: str = "") -> ui.Board:
    """The task list as it is or was, or why it cannot be shown."""
    try:
        found = await bus.call(boards.READ, tasks.ListTasks(as_of=as_of), caller=caller, timeout=TIMEOUT)
    except Failure as failure:
        return ui.Board(problem=failure.message)
    return ui.Board(tasks=found.tasks, touches=found.touches)


async def engine(bus: Bus, caller: Caller) -> llm.Engine | None:
    """What answers; None where nobody says."""
    try:
        return await bus.call(llm.ENGINE, Nothing(), caller=caller, timeout=TIMEOUT)
    except Failure:
        return None


async def answering(bus: Bus, caller: Caller) -> llm.Engine | None:
    """What answers in a conversation: the model chosen for it, else the one for answers, else the usual one."""
    found, here, everywhere = await asyncio.gather(engine(bus, caller), _chosen(bus, caller), _usual(bus, caller))
    chosen = here or everywhere
    return replace(found, model=chosen) if found and found.server and chosen else found


async def _chosen(bus: Bus, caller: Caller) -> str:
    asked = models.ReadOptions(conversation=caller.conversation)
    try:
        return (await bus.call(models.OPTIONS, asked, caller=caller, timeout=TIMEOUT)).model or ""
    except Failure:
        return ""


async def _usual(bus: Bus, caller: Caller) -> str:
    try:
        found = await bus.call(models.JOBS, Nothing(), caller=caller, timeout=BRIEF)
    except Failure:
        return ""
    return next((each.chosen for each in found.jobs if each.job == "answer"), "")


async def network(bus: Bus, caller: Caller) -> boxes.Network | None:
    """What the conversation's box may reach; None where that is not known soon."""
    try:
        return (await bus.call(boxes.DESCRIBE, Nothing(), caller=caller, timeout=BRIEF)).network
    except Failure:
        return None
