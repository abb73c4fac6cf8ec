"""ChatSession: a conversation with Daimon from Python."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from msgspec.structs import replace

from daimon.connection import OWNER, Connection, connect
from daimon.follow import Plain, Reading
from daimon.uploading import upload
from daimon.whole import read_whole
from proto import approvals, boxes, chat, errors, seen, titles, versions
from proto.base import Nothing, new_id
from proto.chat import Accepted, Ended, Exchange, Mode, Part
from services.runtime.bus import Interrupted
from services.runtime.bus.feed import Log
from services.runtime.bus.live import Following
from services.runtime.pieces import whole_export

Again = Literal["edit", "regenerate", "continue"]
SILENCE = 2.0
"""Seconds without a part after which the log is asked whether one was lost."""
PATIENCE = 900.0
"""Seconds without anything new after which a turn is given up."""

STOPPED_WITHIN = 10.0
PREPARED_WITHIN = 30.0
WRITTEN_WITHIN = 30.0


class ChatSession:
    """One conversation of one user; it is kept, so the same name goes on where it stood.

    Needs a running Daimon: the one in `home`, or the one that `DAIMON_NATS_URL` names.
    """

    def __init__(self, *, user: str = OWNER, session: str = "", home: Path | None = None) -> None:
        self.user = user
        self.session = session or new_id()
        """The conversation's id."""
        self._opening = connect(home, user, self.session)
        self._connection: Connection | None = None
        self._preparing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._connection = await self._opening.__aenter__()
        # The box is ready when the first command comes; where there is none, chat goes on without it.
        self._preparing = asyncio.create_task(self._prepare())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
        await self._opening.__aexit__(kind, error, trace)

    async def chat(self, text: str) -> str:
        """Say something and return the whole answer; raises a Failure, such as Busy."""
        return "".join([piece async for piece in self.chat_stream(text)])

    async def chat_stream(self, text: str) -> AsyncGenerator[str, None]:
        """Say something and yield the answer as it is written; raises a Failure, such as Busy."""
        plain = Plain()
        async for part in self.stream_parts(text):
            if piece := plain.take(part):
                yield piece
            if isinstance(part, Ended) and part.outcome == "failed":
                raise errors.Failure(part.error)

    async def stream_parts(self, text: str, *, mode: Mode = "chat") -> AsyncGenerator[Part, None]:
        """Say something and yield all that the turn does: thoughts, calls, results, text, and its end."""
        send = chat.Send(conversation=self.session, text=text, mode=mode)
        async with aclosing(self._follow(lambda: self._joined.call(chat.SEND, send))) as parts:
            async for part in parts:
                yield part

    async def revise_parts(self, way: Again, *, turn: str = "", text: str = "") -> AsyncGenerator[Part, None]:
        """Ask a turn (the last one) again and yield all that the new one does: edit, regenerate, or continue."""
        again = versions.Revise(conversation=self.session, turn=turn, way=way, text=text)
        async with aclosing(self._follow(lambda: self._joined.call(versions.REVISE, again))) as parts:
            async for part in parts:
                yield part

    async def _follow(self, ask: Callable[[], Awaitable[Accepted]]) -> AsyncGenerator[Part, None]:
        """Listen, ask, and yield what the turn does."""
        feed = self._joined.bus.feed(chat.PARTS)
        async with feed.follow(self.user, self.session) as live:
            accepted = await ask()
            turn = _Turn(feed, live, (self.user, self.session, accepted.turn))
            while not turn.reading.ended:
                for part in await turn.next():
                    yield part

    async def _prepare(self) -> None:
        with suppress(errors.Failure):
            await self._joined.call(boxes.PREPARE, Nothing(), timeout=PREPARED_WITHIN)

    async def upload_document(self, path: str | Path) -> str:
        """Hand a file in and return its path in the conversation's box; raises a Failure when it is not there."""
        uploaded = await upload(self._joined, Path(path))
        if not uploaded.path:
            raise errors.Unavailable(uploaded.note)
        return uploaded.path

    async def stop(self) -> bool:
        """Stop the answer that is being written, and return once it has ended; False when there was none."""
        feed = self._joined.bus.feed(chat.PARTS)
        async with feed.follow(self.user, self.session) as live:
            stopped = await self._joined.call(chat.STOP, chat.Stop(conversation=self.session))
            if not stopped.turn:
                return False
            turn = _Turn(feed, live, (self.user, self.session, stopped.turn))
            # The wish is in the log, so the turn ends even if that takes longer than we wait.
            with suppress(TimeoutError):
                async with asyncio.timeout(STOPPED_WITHIN):
                    while not turn.reading.ended:
                        await turn.next()
        return True

    async def answer(self, word: approvals.Answer) -> approvals.Settled:
        """Say whether a call may run that an `Asking` part asked about; raises Conflict when it is settled already."""
        return await self._joined.call(approvals.ANSWER, word)

    async def history(self) -> tuple[Exchange, ...]:
        """Return what was said and done in this conversation so far, oldest first."""
        try:
            conversation = await read_whole(self._joined, self.session)
        except errors.Missing:
            return ()
        return conversation.exchanges

    async def seen(self, turn: str = "", *, step: int = 0) -> seen.Seen:
        """Return what the model was sent in a turn (the last one), word for word; by default in its last step."""
        return await self._joined.call(seen.SEE, seen.See(conversation=self.session, turn=turn, step=step))

    async def unfold(self) -> None:
        """Take back the last summary, so that the model is told word for word what it stood for; Missing without."""
        summarised = [exchange.turn for exchange in await self.history() if exchange.summary]
        if not summarised:
            raise errors.Missing("There is no summary in this conversation.")
        await self._joined.call(seen.UNFOLD, seen.Unfold(conversation=self.session, turn=summarised[-1]))

    async def rename(self, title: str) -> str:
        """Give the conversation a name; returns it."""
        return (await self._joined.call(titles.RENAME, titles.Rename(conversation=self.session, title=title))).title

    async def select(self, turn: str, *, end: bool = False) -> None:
        """Read this version of a turn from now on; with `end`, the next message follows it in a branch of its own."""
        wanted = versions.Select(conversation=self.session, turn=turn, end=end)
        await self._joined.call(versions.SELECT, wanted)

    async def export(self, form: titles.Form = "markdown") -> titles.Exported:
        """Return the conversation as a file."""
        wanted = titles.ExportPiece(conversation=self.session, form=form)
        return await whole_export(
            lambda begin: self._joined.call(titles.PIECE, replace(wanted, begin=begin), timeout=WRITTEN_WITHIN)
        )

    @property
    def _joined(self) -> Connection:
        if self._connection is None:
            raise errors.Invalid("Open the session first: `async with ChatSession() as chat:`.")
        return self._connection


class _Turn:
    """A turn that is being followed: live parts, and the log wherever those may have a hole."""

    def __init__(
        self, feed: Log[Part], live: Following[tuple[tuple[str, ...], Part]], names: tuple[str, str, str]
    ) -> None:
        self.reading = Reading()
        self._feed = feed
        self._live = live
        self._names = names
        self._latest = asyncio.get_running_loop().time()

    async def next(self) -> list[Part]:
        """Wait for something and return what is new; TimedOut after a long silence."""
        new = await self._wait()
        now = asyncio.get_running_loop().time()
        if new:
            self._latest = now
        elif now > self._latest + PATIENCE:
            raise errors.TimedOut("Nothing more came from the turn; `daimon status` shows whether llm runs.")
        return new

    async def _wait(self) -> list[Part]:
        try:
            async with asyncio.timeout(SILENCE):
                names, part = await self._live.next()
        except (TimeoutError, Interrupted):
            return await self._read_log()
        if names != self._names:
            return []
        new = self.reading.take(part)
        return new + await self._read_log() if self.reading.missing else new

    async def _read_log(self) -> list[Part]:
        """Read the turn's log; what cannot be read now is asked for again after the next silence."""
        try:
            log = await self._feed.read(*self._names)
        except errors.Unavailable:
            return []
        return self.reading.catch_up(log)
