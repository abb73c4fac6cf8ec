"""What pages are made of, read from the services that have it; a part that is away says so in its place."""

from __future__ import annotations

from proto import board as boards
from proto import chat, llm, tasks, ui
from proto.base import Caller, Nothing
from proto.errors import Failure, Missing
from services.runtime.bus import Bus

WINDOW = 20
"""Exchanges of a conversation on a page; earlier ones come when its beginning is scrolled to."""
TIMEOUT = 2.0
"""Seconds a page waits for what stands beside its main thing."""
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
