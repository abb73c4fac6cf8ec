"""ChatSession on a real NATS, against a scripted writer of turns that may die, repeat itself or lose its bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daimon import session as sessions
from daimon.follow import RESTARTED
from daimon.session import ChatSession
from proto import chat, errors
from proto.base import Caller, new_id
from proto.chat import Calling, Ended, Part, Returned, Started, Text, Thought, ToolUse
from services.runtime.bus import Bus
from tests.support.servers import NatsServer

TOOL = ToolUse(call="c1", action="tasks.add", arguments='{"title": "milk"}')
ANSWER = "one two three four five six"
DONE = Ended(attempt=1, outcome="done", answer=ANSWER)


async def read_into(read: list[str], session: ChatSession) -> None:
    async for piece in session.chat_stream("count"):
        read.append(piece)  # noqa: PERF401 - what was read before a failure counts


def texts(answer: str, attempt: int = 1, start: int = 0) -> list[Part]:
    return [Text(attempt=attempt, offset=at, text=answer[at]) for at in range(start, len(answer))]


class Writer:
    """Stands where the llm service stands: accepts what is sent and writes the parts that the test hands it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.sent: list[chat.Send] = []
        self.stopped: list[chat.Stop] = []
        self.parts: list[Part] = [Started(attempt=1, model="scripted"), *texts(ANSWER), DONE]
        self.busy = self.idle = False
        self.turns: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()

    async def serve(self) -> None:
        await self.bus.serve("llm", {chat.SEND: self.send, chat.STOP: self.stop, chat.READ: self.read})

    async def send(self, request: chat.Send, caller: Caller) -> chat.Accepted:
        if self.busy:
            raise errors.Busy
        self.sent.append(request)
        names = (caller.user, request.conversation, new_id())
        # Before the reply, so the client must have been listening already.
        await self.write(names, self.parts)
        self.turns.put_nowait(names)
        return chat.Accepted(turn=names[2], conversation=request.conversation)

    async def write(self, names: tuple[str, str, str], parts: list[Part]) -> None:
        for part in parts:
            await self.bus.feed(chat.PARTS).append(part, *names)

    async def stop(self, request: chat.Stop, caller: Caller) -> chat.Stopped:
        self.stopped.append(request)
        if self.idle:
            return chat.Stopped()
        await self.write((caller.user, request.conversation, "t"), [Ended(attempt=1, outcome="stopped")])
        return chat.Stopped(turn="t")

    async def read(self, request: chat.Read, _: Caller) -> chat.Conversation:
        raise errors.Missing


@asynccontextmanager
async def writing(server: NatsServer) -> AsyncIterator[Writer]:
    async with Bus.open(server.settings("llm"), "llm") as bus:
        writer = Writer(bus)
        await writer.serve()
        yield writer


def point_to(server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = server.settings("cli")
    for name, value in (("URL", settings.url), ("USER", "cli"), ("PASSWORD_FILE", settings.password_file)):
        monkeypatch.setenv(f"DAIMON_NATS_{name}", value)


@pytest.fixture
async def writer(own_nats: NatsServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Writer]:
    point_to(own_nats, monkeypatch)
    async with writing(own_nats) as writer:
        yield writer


async def test_an_answer_comes_in_pieces_and_as_a_whole(writer: Writer) -> None:
    async with ChatSession(user="ada", session="trip") as session:
        pieces = [piece async for piece in session.chat_stream("count")]
        assert pieces == list(ANSWER)
        assert await session.chat("again") == ANSWER
    assert [(sent.conversation, sent.text, sent.mode) for sent in writer.sent] == [
        ("trip", "count", "chat"),
        ("trip", "again", "chat"),
    ]


async def test_parts_of_other_turns_are_not_mixed_in(writer: Writer) -> None:
    async with ChatSession(user="ada", session="trip") as session:
        before = ("ada", "trip", "another turn")
        await writer.write(before, [Started(attempt=9, model="m"), *texts("WRONG", 9)])
        assert await session.chat("count") == ANSWER


async def test_parts_are_typed_and_each_comes_once(writer: Writer) -> None:
    call, result = Calling(attempt=1, tool=TOOL), Returned(attempt=1, tool=TOOL)
    start, thought = Started(attempt=1, model="scripted"), Thought(attempt=1, text="hm")
    writer.parts = [start, thought, call, call, result, start, *texts("ok"), *texts("ok"), DONE]
    async with ChatSession(user="ada") as session:
        parts = [part async for part in session.stream_parts("add milk", mode="command")]
    assert parts[:4] == [start, thought, call, result]
    assert [part.text for part in parts if isinstance(part, Text)] == ["o", "k"]
    assert parts[-1] == DONE
    assert writer.sent[0].mode == "command"


async def test_a_second_attempt_that_repeats_the_first_is_not_seen(writer: Writer) -> None:
    again = [Started(attempt=2, model="scripted"), *texts(ANSWER, 2), Ended(attempt=2, outcome="done", answer=ANSWER)]
    writer.parts = [*writer.parts[:9], *again]
    async with ChatSession(user="ada") as session:
        assert await session.chat("count") == ANSWER


async def test_a_second_attempt_that_goes_another_way_is_marked(writer: Writer) -> None:
    other = "one, then two"
    again = [Started(attempt=2, model="scripted"), *texts(other, 2), Ended(attempt=2, outcome="done", answer=other)]
    writer.parts = [*writer.parts[:9], *again]
    async with ChatSession(user="ada") as session:
        assert await session.chat("count") == ANSWER[:8] + RESTARTED + other


async def test_what_the_live_feed_lost_is_read_from_the_log(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SILENCE", 0.05)
    async with ChatSession(user="ada", session="trip") as session:
        # A turn that was written before anybody listened, down to its end.
        names = ("ada", "trip", "earlier")
        await writer.write(names, writer.parts)
        feed = session._joined.bus.feed(chat.PARTS)
        async with feed.follow("ada", "trip") as live:
            turn = sessions._Turn(feed, live, names)
            parts: list[Part] = []
            while not turn.reading.ended:
                parts += await turn.next()
    assert "".join(part.text for part in parts if isinstance(part, Text)) == ANSWER


async def test_an_answer_goes_on_after_the_bus_was_killed(
    own_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_to(own_nats, monkeypatch)
    async with writing(own_nats) as writer, ChatSession(user="ada") as session:
        writer.parts = writer.parts[:10]
        read = []
        async for piece in session.chat_stream("count"):
            read.append(piece)
            if len(read) == 9:
                names = await writer.turns.get()
                await own_nats.kill()
                await own_nats.start()
                async with Bus.open(own_nats.settings("llm"), "llm") as another:
                    # Without fsync the log may have lost parts; the next attempt writes them again.
                    second = [Started(attempt=2, model="m"), *texts(ANSWER, 2)]
                    await Writer(another).write(names, [*second, Ended(attempt=2, outcome="done", answer=ANSWER)])
        assert "".join(read) == ANSWER


async def test_a_failed_turn_raises_its_sentence_after_what_was_written(writer: Writer) -> None:
    writer.parts = [*writer.parts[:4], Ended(attempt=1, outcome="failed", error="Ollama is down; start it.")]
    read: list[str] = []
    async with ChatSession(user="ada") as session:
        with pytest.raises(errors.Failure, match=r"Ollama is down; start it\."):
            await read_into(read, session)
    assert "".join(read) == ANSWER[:3]


async def test_busy_is_raised_as_busy(writer: Writer) -> None:
    writer.busy = True
    async with ChatSession(user="ada") as session:
        with pytest.raises(errors.Busy, match="still writing"):
            await session.chat("count")


async def test_stop_asks_for_this_conversation(writer: Writer) -> None:
    async with ChatSession(user="ada", session="trip") as session:
        assert await session.stop()
    assert writer.stopped == [chat.Stop(conversation="trip")]


async def test_where_nothing_is_written_there_is_nothing_to_stop(writer: Writer) -> None:
    writer.idle = True
    async with ChatSession(user="ada", session="trip") as session:
        assert not await session.stop()


async def test_a_conversation_that_never_was_has_no_history(writer: Writer) -> None:
    async with ChatSession(user="ada") as session:
        assert await session.history() == ()


async def test_a_turn_in_which_nothing_happens_is_given_up(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SILENCE", 0.01)
    monkeypatch.setattr(sessions, "PATIENCE", 0.1)
    writer.parts = writer.parts[:1]
    async with ChatSession(user="ada") as session:
        with pytest.raises(errors.TimedOut, match="daimon status"):
            await session.chat("count")


async def test_a_session_must_be_opened_first() -> None:
    with pytest.raises(errors.Invalid, match="async with"):
        await ChatSession().chat("hello")


async def test_without_a_running_daimon_a_session_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(errors.Unavailable, match="bin/daimon up"):
        async with ChatSession(home=tmp_path):
            pass
