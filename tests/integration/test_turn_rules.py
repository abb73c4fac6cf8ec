"""The rules of a conversation: one answer at a time, and what a message does that comes before it is over."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json

import pytest
from msgspec.structs import replace
from nats import micro

from proto import chat, errors, events, permissions
from proto.kinds import happening
from services.llm.main import serve as serve_llm
from services.llm.settings import LlmSettings
from services.runtime.bus import Bus
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_script import Reply, last_said
from tests.support.chatting import Heard
from tests.support.prompts import said
from tests.support.running import running
from tests.support.strangers import on_the_menu, stranger

WITHIN = 30.0


def slow_first(body):
    """Call the slow action for the first message, answer the others."""
    if last_said(body) == "wait for it" and body["messages"][-1]["role"] != "tool":
        return Reply(calls=(("slow_wait", {}),))
    return Reply(text=f"You said {last_said(body)}.")


@pytest.fixture
async def parts(own_nats, models_dir, ada):
    """Start llm workers with a scripted model; returns a client's bus, the model, and what ends the action."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(script=slow_first, workers=1, **settings):
            model = await stack.enter_async_context(FakeOllama(script))
            released = asyncio.Event()
            program = await slow_program(own_nats, stack, ada.user, released)
            chosen = LlmSettings(ollama=model.url, models_dir=models_dir, **settings)
            for _ in range(workers):
                bus = await stack.enter_async_context(Bus.open(own_nats.settings("llm"), "llm"))
                await stack.enter_async_context(running(serve_llm, chosen, bus))
            bus = await stack.enter_async_context(Bus.open(own_nats.settings("cli"), "cli"))
            await on_the_menu(bus, "slow.wait")
            start.program = program
            return bus, model, released

        yield start


async def slow_program(own_nats, stack, user, released):
    """A program whose action takes until it is released; returns its connection."""
    url = own_nats.let_in("slow", permissions.program("slow", user, "slow"))
    program = await stack.enter_async_context(stranger(url))

    program.asked = asyncio.Event()

    async def wait(request):
        program.asked.set()
        await released.wait()
        await request.respond(b'{"sentence": "Waited"}')

    service = await micro.add_service(program, name="slow", version="1.0.0")
    await service.add_endpoint(
        name="wait",
        subject="daimon.do.*.*.slow.wait",
        handler=wait,
        metadata={"action": "slow.wait", "schema": json.dumps({"type": "object"}), "risk": "read"},
    )
    return program


class Following:
    """What a client hears of one conversation."""

    def __init__(self, bus, live, caller):
        self.bus, self.live, self.caller = bus, live, caller
        self.heard = collections.defaultdict(lambda: Heard(""))

    async def send(self, text):
        sent = chat.Send(conversation="home", text=text)
        return (await self.bus.call(chat.SEND, sent, caller=self.caller)).turn

    async def until(self, turn, kind):
        """Hear on until this turn has a part of this kind."""
        async with asyncio.timeout(WITHIN):
            while not any(isinstance(part, kind) for part in self.heard[turn].parts):
                await self.more()
        return self.heard[turn]

    async def more(self):
        """Hear the next part."""
        (_, _, turn), part = await self.live.next()
        self.heard[turn].parts.append(part)


def remarks(heard):
    """What the model said while actions ran."""
    return [part.tool.remark for part in heard.parts if isinstance(part, chat.Calling) and part.tool.remark]


@contextlib.asynccontextmanager
async def following(bus, ada):
    async with bus.feed(chat.PARTS).follow(ada.user) as live:
        yield Following(bus, live, replace(ada, conversation="home"))


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_message_while_an_action_runs_takes_the_place_of_the_waiting_turn(parts, ada, workers):
    bus, model, released = await parts(workers=workers)
    async with following(bus, ada) as home, bus.follow(events.of_noun("late", ada.user)) as late:
        first = await home.send("wait for it")
        await home.until(first, chat.Calling)
        second = await home.send("never mind")
        assert (await home.until(first, chat.Ended)).ended.outcome == "replaced"
        assert (await home.until(second, chat.Ended)).ended.answer == "You said never mind."
        released.set()
        async with asyncio.timeout(WITHIN):
            came = happening(await late.next())
    assert (came.turn, came.action, came.ok) == (first, "slow.wait", True)
    assert came.sentence() == 'slow.wait answered late: {"sentence": "Waited"}'
    seen = await bus.call(chat.READ, chat.Read(conversation="home"), caller=ada)
    assert [each.outcome for each in seen.exchanges] == ["replaced", "done"]
    assert len(model.chats) == 2, "the late result was not spoken of"


async def test_a_replaced_turn_is_not_revived_by_a_worker_that_comes_later(parts, ada):
    bus, _, _ = await parts()
    async with following(bus, ada) as home:
        first = await home.send("wait for it")
        await home.until(first, chat.Calling)
        await home.until(await home.send("never mind"), chat.Ended)
        again = await home.send("and now?")
        assert (await home.until(again, chat.Ended)).ended.outcome == "done"
    log = [recorded.event for recorded in await bus.journal.read(events.of_user(ada.user))]
    assert [event.kind for event in log if event.kind == "chat.returned"] == []


async def test_messages_wait_for_their_turn_where_that_is_wanted(parts, ada):
    slowly = Reply(text="one two three four", rate=8)
    bus, model, _ = await parts(lambda body: slowly, when_busy="queue")
    async with following(bus, ada) as home:
        turns = [await home.send(text) for text in ("first", "second", "third")]
        for turn in turns:
            assert (await home.until(turn, chat.Ended)).ended.outcome == "done"
    asked = [said(body) for body in model.chats]
    answer = "one two three four"
    assert asked == [["first"], ["first", answer, "second"], ["first", answer, "second", answer, "third"]]


async def test_a_queue_has_an_end(parts, ada):
    bus, _, _ = await parts(lambda body: Reply(text="one two", fault="hang", after=1), when_busy="queue")
    async with following(bus, ada) as home:
        for number in range(10):
            await home.send(f"message {number}")
        with pytest.raises(errors.Busy):
            await home.send("one too many")


async def test_an_action_whose_service_dies_fails_in_words_and_the_turn_goes_on(parts, ada):
    bus, model, _ = await parts()
    async with following(bus, ada) as home:
        first = await home.send("wait for it")
        await home.until(first, chat.Calling)
        await parts.program.asked.wait()
        await parts.program.close()
        heard = await home.until(first, chat.Ended)
    assert heard.ended.outcome == "done"
    assert "has ended" in heard.tools[0].result
    assert len(model.chats) == 2


async def test_the_model_says_a_word_while_an_action_takes_its_time(parts, ada, monkeypatch):
    monkeypatch.setattr("services.llm.turns.calls.REMARK_AFTER", 0.05)

    def script(body):
        if "still running" in last_said(body):
            return Reply(text="I am waiting for it.")
        return slow_first(body)

    bus, model, released = await parts(script)
    async with following(bus, ada) as home:
        first = await home.send("wait for it")
        async with asyncio.timeout(WITHIN):
            while not (said := remarks(home.heard[first])):
                await home.more()
        released.set()
        heard = await home.until(first, chat.Ended)
    assert said == ["I am waiting for it."]
    assert heard.tools[0].remark == ""
    assert heard.ended.answer == "You said wait for it.", "the remark is no part of the answer"
    assert "tools" not in model.chats[1]
