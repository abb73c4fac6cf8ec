"""What the llm service answers about the versions of a conversation: asking again, and choosing among them."""

from __future__ import annotations

import functools

import msgspec

from proto import chat, errors, versions
from proto.base import Caller
from proto.chat import Asked, Exchange
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads


class Revising:
    """One method a subject."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def revise(self, request: versions.Revise, caller: Caller) -> chat.Accepted:
        """Ask an earlier question again; the version before stays, to be walked back to."""
        if request.way == "edit":
            check_text(request.text)
        caller = msgspec.structs.replace(caller, conversation=request.conversation)
        await self._threads.read(caller.user, caller.conversation)
        event = await self._threads.decide(caller, functools.partial(_again, request))
        return chat.Accepted(turn=event.id if event else "", conversation=request.conversation)

    async def select(self, request: versions.Select, caller: Caller) -> versions.Selection:
        """Turn to another version, or end the conversation earlier for now."""
        caller = msgspec.structs.replace(caller, conversation=request.conversation)
        thread = await self._threads.read(caller.user, caller.conversation)
        await self._threads.decide(caller, functools.partial(_select, request))
        return versions.Selection(turn=thread.end)


def check_text(text: str) -> None:
    """Refuse what cannot be said."""
    if not text.strip():
        raise errors.Invalid("There is nothing in that message; write something first.")
    if "\0" in text:
        raise errors.Invalid("That is binary, not text: it contains NUL characters. Send it as a file instead.")


def _again(request: versions.Revise, thread: Thread) -> Asked:
    if thread.open:
        raise errors.Busy
    old = _turn(thread, request.turn or thread.end)
    if request.way == "continue" and not old.unfinished:
        raise errors.Invalid("That answer is complete, so there is nothing to go on with. Ask for more in a message.")
    text = request.text if request.way == "edit" else old.asked
    return Asked(text=text, mode=old.mode, way=request.way, parent=old.parent, of=old.turn)


def _select(request: versions.Select, thread: Thread) -> versions.Selected:
    if thread.open:
        raise errors.Busy
    turn = _turn(thread, request.turn)
    return versions.Selected(turn=turn.turn, end=request.end)


def _turn(thread: Thread, turn: str) -> Exchange:
    if not turn:
        raise errors.Missing("Nothing was said in this conversation yet.")
    if turn not in thread:
        raise errors.Missing(f"This conversation has no turn '{turn}'.")
    return thread[turn]
