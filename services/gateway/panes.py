"""What pages are made of, read from the services that have it; a part that is away says so in its place."""

from __future__ import annotations

from proto import board as boards
from proto import chat, memory, tasks, ui
from proto.base import Caller
from proto.errors import Failure, Missing
from services.runtime.bus import Bus

TIMEOUT = 2.0
"""Seconds a page waits for what stands beside its main thing."""
LINES = 50
MEMORY_LATE = "Memory is still catching up. What is done meanwhile is safe and will appear."


async def conversation(bus: Bus, caller: Caller) -> chat.Conversation:
    """A conversation as it is now; one that nobody has begun is empty."""
    try:
        return await bus.call(chat.READ, chat.Read(conversation=caller.conversation), caller=caller)
    except Missing:
        return chat.Conversation(id=caller.conversation, title="")


async def board(bus: Bus, caller: Caller, *, as_of: str = "") -> ui.Board:
    """The task list as it is or was, or why it cannot be shown."""
    try:
        found = await bus.call(boards.READ, tasks.ListTasks(as_of=as_of), caller=caller, timeout=TIMEOUT)
    except Failure as failure:
        return ui.Board(problem=failure.message)
    return ui.Board(tasks=found.tasks, touches=found.touches)


async def lines(bus: Bus, caller: Caller, *, as_of: str = "") -> ui.Lines:
    """The list of conversations as it is or was, or why it is not complete."""
    asked = memory.ListConversations(limit=LINES, as_of=as_of)
    try:
        found = await bus.call(memory.CONVERSATIONS, asked, caller=caller, timeout=TIMEOUT)
    except Failure:
        return ui.Lines(current=caller.conversation, problem="Memory is away, so the list is too; chat goes on.")
    return ui.Lines(lines=found.conversations, current=caller.conversation)
