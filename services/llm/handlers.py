"""What the llm service answers: messages in, stops, conversations read back, embeddings, the menu."""

from __future__ import annotations

import sys
from array import array

import msgspec

from proto import chat, errors, events, llm
from proto.base import Caller, Nothing
from proto.events import Happening, Recorded
from services.llm.engines import Engines
from services.llm.minilm import MiniLM
from services.llm.threads import Threads
from services.llm.tools import Tools
from services.runtime.bus import Expect
from services.runtime.bus.journal import Journal

TRIES = 5


class Handlers:
    """One method a subject."""

    def __init__(self, journal: Journal, tools: Tools, engines: Engines, minilm: MiniLM) -> None:
        self._journal = journal
        self._threads = Threads(journal)
        self._tools = tools
        self._engines = engines
        self._minilm = minilm

    async def send(self, request: chat.Send, caller: Caller) -> chat.Accepted:
        """Accept a message, unless an answer is being written; the event that records it opens the turn."""
        mode, text = _mode(request)
        if not text.strip():
            raise errors.Invalid("There is nothing in that message; write something first.")
        if "\0" in text:
            raise errors.Invalid("That is binary, not text: it contains NUL characters. Send it as a file instead.")
        caller = msgspec.structs.replace(caller, conversation=request.conversation)
        last = await self._last(caller)
        if last is not None and last.event.kind != chat.Answered.kind:
            raise errors.Busy
        turn = await self._append(chat.Asked(text=text, mode=mode), caller, last)
        return chat.Accepted(turn=turn, conversation=request.conversation)

    async def stop(self, request: chat.Stop, caller: Caller) -> chat.Stopped:
        """Record the wish to stop; whoever writes the turn ends it."""
        caller = msgspec.structs.replace(caller, conversation=request.conversation)
        for _ in range(TRIES):
            thread = await self._threads.read(caller.user, caller.conversation)
            if not thread.open or thread.halted(thread.open):
                return chat.Stopped(turn=thread.open)
            last = await self._last(caller)
            if last is None or last.sequence != thread.sequence:
                continue
            try:
                await self._append(chat.Halted(turn=thread.open), caller, last)
            except errors.Busy:
                continue
            return chat.Stopped(turn=thread.open)
        raise errors.Conflict("The conversation is changing too fast; try to stop it again.")

    async def read(self, request: chat.Read, caller: Caller) -> chat.Conversation:
        """Return a conversation as of now."""
        return (await self._threads.read(caller.user, request.conversation)).view(request.conversation)

    async def embed(self, request: llm.Embed, _caller: Caller) -> llm.Embeddings:
        """Turn texts into vectors."""
        vectors = array("f")
        for vector in await self._minilm.embed(request.texts):
            vectors.extend(vector)
        if sys.byteorder == "big":
            vectors.byteswap()
        return llm.Embeddings(engine=self._minilm.name, dimensions=self._minilm.dimensions, vectors=vectors.tobytes())

    async def menu(self, _request: Nothing, _caller: Caller) -> llm.Menu:
        """Return what can be done now."""
        await self._tools.learn()
        return self._tools.catalogue.menu

    async def engine(self, _request: Nothing, _caller: Caller) -> llm.Engine:
        """Say what answers."""
        return self._engines.engine()

    async def _last(self, caller: Caller) -> Recorded | None:
        return await self._journal.last(events.in_conversation(caller.user, caller.conversation, "chat"))

    async def _append(self, what: Happening, caller: Caller, last: Recorded | None) -> str:
        """Append to the conversation if nobody has since; of two messages at once, one is too late."""
        event = events.happened(what, caller)
        mine = events.in_conversation(caller.user, caller.conversation, "chat")
        try:
            await self._journal.append(event, expect=Expect(filter=mine, sequence=last.sequence if last else 0))
        except errors.Conflict as conflict:
            raise errors.Busy from conflict
        return event.id


def _mode(request: chat.Send) -> tuple[chat.Mode, str]:
    """Let `/chat` and `/command` at the start choose the mode."""
    first, _, rest = request.text.lstrip().partition(" ")
    if first == "/command":
        return "command", rest
    if first == "/chat":
        return "chat", rest
    return request.mode, request.text
