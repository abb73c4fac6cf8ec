"""What the llm service answers: messages in, stops, conversations read back, embeddings, the menu."""

from __future__ import annotations

import msgspec

from proto import chat, errors, llm
from proto.base import Caller, Nothing
from proto.events import Event
from proto.kinds import happening
from proto.moments import moment
from services.llm.conversations.revising import check_text
from services.llm.conversations.thread import Thread
from services.llm.engines import Engines
from services.llm.menu.acting import act
from services.llm.menu.tools import Tools
from services.llm.settings import WhenBusy
from services.llm.turns import given
from services.llm.turns.worker import Worker
from services.llm.vectors.embedding import Embedding

QUEUE_LIMIT = 10
"""Messages that may wait for their turn in one conversation."""


class Handlers:
    """One method a subject."""

    def __init__(
        self, worker: Worker, tools: Tools, engines: Engines, embedding: Embedding, when_busy: WhenBusy
    ) -> None:
        self._worker = worker
        self._when_busy = when_busy
        self._threads = worker.threads
        self._tools = tools
        self._engines = engines
        self._embedding = embedding

    async def send(self, request: chat.Send, caller: Caller) -> chat.Accepted:
        """Accept a message, unless an answer is being written; the event that records it opens the turn."""
        if request.given is not None:
            given.check(request.given)
        mode, text = _mode(request)
        check_text(text)
        caller = msgspec.structs.replace(caller, conversation=request.conversation)
        asked = chat.Asked(text=text, mode=mode, given=request.given)
        event = await self._threads.decide(caller, lambda thread: self._ask(thread, asked), self._append)
        return chat.Accepted(turn=event.id if event else "", conversation=request.conversation)

    async def stop(self, request: chat.Stop, caller: Caller) -> chat.Stopped:
        """Record the wish to stop; whoever writes the turn ends it."""
        caller = msgspec.structs.replace(caller, conversation=request.conversation)
        thread = await self._threads.read(caller.user, caller.conversation)
        event = await self._threads.decide(caller, _halt)
        halted = happening(event) if event else None
        return chat.Stopped(turn=halted.turn if isinstance(halted, chat.Halted) else thread.open)

    async def read(self, request: chat.Read, caller: Caller) -> chat.Conversation:
        """Return a conversation as of now, or as it was."""
        if request.as_of:
            then = await self._threads.as_of(caller.user, request.conversation, moment(request.as_of))
            return then.view(request.conversation, request.last, request.upto)
        thread = await self._threads.read(caller.user, request.conversation)
        shown = thread.view(request.conversation, request.last, request.upto)
        found = (await self._engines.chosen.of(caller.user)).rated(shown)
        return await self._tools.gate.with_questions(found, caller.user) if thread.open else found

    async def embed(self, request: llm.Embed, _caller: Caller) -> llm.Embeddings:
        """Turn texts into vectors."""
        return await self._embedding.embed(request)

    async def menu(self, _request: Nothing, _caller: Caller) -> llm.Menu:
        """Return what can be done now."""
        await self._tools.learn()
        return self._tools.catalogue.menu

    async def known_menu(self, request: Nothing, caller: Caller) -> llm.Menu:
        """Return what could be done when everybody was asked last; while things are starting, ask."""
        return self._tools.catalogue.menu if self._tools.settled else await self.menu(request, caller)

    async def engine(self, _request: Nothing, _caller: Caller) -> llm.Engine:
        """Say what answers."""
        return self._engines.engine()

    async def act(self, request: llm.Act, caller: Caller) -> llm.Acted:
        """Run one action for a model that is not ours."""
        return await act(self._tools, request, caller)

    async def models(self, _request: Nothing, _caller: Caller) -> llm.Models:
        """List the models that can be asked for."""
        return await self._engines.models()

    def _ask(self, thread: Thread, asked: chat.Asked) -> chat.Asked:
        """Decide whether a message can be answered: at once, in place of one whose action runs, later, or not."""
        if not thread.open:
            return asked
        if thread.last_open == thread.open and thread.waits(thread.open):
            return msgspec.structs.replace(asked, replaces=thread.open)
        if self._when_busy == "queue" and thread.waiting < QUEUE_LIMIT:
            return asked
        raise errors.Busy

    async def _append(self, thread: Thread, event: Event) -> None:
        """Record a message; its answer is begun before, and dropped if the log refuses the message.

        The model takes longer than the log, so it is asked first.
        """
        held = None if thread.open else await self._worker.begin(event, thread)
        try:
            if held:
                await held.asks()
            place = await self._record(thread, event, self._worker.name if held else "")
            if held:
                held.place.set_result(place)
        finally:
            if held:
                # Changes nothing where the place is known.
                held.place.cancel()

    async def _record(self, thread: Thread, event: Event, begun_by: str) -> int:
        """Append a message; that the conversation was given a name meanwhile is no reason to begin its answer anew."""
        told = thread.retold
        while True:
            place = thread.sequence
            try:
                return await self._threads.append(thread, event, begun_by)
            except errors.Conflict:
                await self._threads.read(event.user, event.conversation)
                if thread.retold != told or thread.sequence == place:
                    raise


def _halt(thread: Thread) -> chat.Halted | None:
    if not thread.open or thread.halted(thread.open):
        return None
    return chat.Halted(turn=thread.open)


def _mode(request: chat.Send) -> tuple[chat.Mode, str]:
    """Let `/chat` and `/command` at the start choose the mode, unless the client keeps the conversation."""
    if request.given is not None:
        return "chat", request.text
    first, *rest = request.text.split(None, 1)[:2] or [""]
    if first in ("/command", "/chat"):
        return ("command" if first == "/command" else "chat"), "".join(rest)
    return request.mode, request.text
