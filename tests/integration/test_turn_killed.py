"""Workers that are killed while they write: the answer goes on, in the same text, and nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest
from msgspec.structs import replace

from proto import chat, tasks
from services.runtime.bus import Bus
from services.tasks.main import serve as serve_tasks
from services.tasks.settings import TasksSettings
from tests.fakes.ollama import FakeModel, FakeOllama
from tests.fakes.ollama_script import Reply, last_said
from tests.support.chatting import Heard
from tests.support.running import running
from tests.support.workers import worker_process

WITHIN = 60.0
TOKENS = tuple(f" {number}" for number in range(60))
COUNT = Reply(text=TOKENS, rate=60)


@pytest.fixture
async def killed(own_nats, models_dir, ada):
    """Ask, and kill the worker each time so many characters more have come; returns what a reader heard."""
    async with contextlib.AsyncExitStack() as stack:
        bus = await stack.enter_async_context(Bus.open(own_nats.settings("cli"), "cli"))
        serving = await stack.enter_async_context(Bus.open(own_nats.settings("tasks"), "tasks"))
        await stack.enter_async_context(running(serve_tasks, TasksSettings(), serving))

        async def start(script, text="count", kills=1, when=lambda heard: len(heard.text) > 20, then=None, **fake):
            model = await stack.enter_async_context(FakeOllama(script, **fake))

            async def worker():
                return await stack.enter_async_context(worker_process(own_nats, model.url, models_dir))

            async def other(process):
                process.kill()
                await process.wait()
                return await worker()

            process = await worker()
            caller = replace(ada, conversation="home")
            async with asyncio.timeout(WITHIN), bus.feed(chat.PARTS).follow(ada.user) as live:
                sent = await bus.call(chat.SEND, chat.Send(conversation="home", text=text), caller=caller, timeout=30)
                heard = Heard(sent.turn)
                while not (heard.parts and isinstance(heard.parts[-1], chat.Ended)):
                    heard.parts.append((await live.next())[1])
                    if kills and when(heard):
                        kills -= 1
                        process = await other(process)
                        if then:
                            await bus.call(*then, caller=caller, timeout=30)
                            process = await other(process)
            return heard, model, bus

        yield start


async def test_a_killed_workers_answer_goes_on_in_the_same_text(killed):
    heard, model, _ = await killed(lambda body: COUNT)
    assert heard.text == heard.ended.answer == "".join(TOKENS)
    assert heard.again == [], "nothing was taken back"
    assert heard.ended.attempt == 2
    going_on = model.chats[-1]["messages"][-1]
    assert going_on["role"] == "assistant"
    assert "".join(TOKENS).startswith(going_on["content"])


async def test_a_model_that_begins_anew_says_so_and_takes_back_what_it_writes_again(killed):
    models = {"stubborn:latest": FakeModel()}
    heard, model, _ = await killed(lambda body: COUNT, models=models)
    assert heard.text == heard.ended.answer == "".join(TOKENS)
    assert len(heard.again) == 1
    assert [part.anew for part in heard.parts if isinstance(part, chat.Started)] == [False, True]
    assert model.chats[-1]["messages"][-1]["role"] == "user"


async def test_a_turn_that_kills_every_worker_is_given_up_with_what_was_written(killed):
    written = itertools.count(20, 20)
    limits = iter(written)
    limit = [next(limits)]

    def more(heard):
        if len(heard.text) <= limit[0]:
            return False
        limit[0] = next(limits)
        return True

    heard, _, _ = await killed(lambda body: COUNT, kills=3, when=more)
    assert heard.ended.outcome == "failed"
    assert "broke off 3 times" in heard.ended.error
    assert heard.ended.answer == heard.text
    assert len(heard.text) > 40


async def test_an_action_of_a_killed_worker_is_not_run_twice(killed, ada):
    def script(body):
        if last_said(body, "tool"):
            return Reply(text=TOKENS, rate=60)
        return Reply(calls=(("tasks_add", {"title": "buy milk"}),))

    heard, _, bus = await killed(script, text="add milk")
    assert heard.text == "".join(TOKENS)
    listed = await bus.call(tasks.LIST, tasks.ListTasks(), caller=ada)
    assert [task.title for task in listed.tasks] == ["buy milk"]
    assert len([part for part in heard.parts if isinstance(part, chat.Calling)]) == 1


async def test_a_turn_that_is_stopped_between_two_workers_that_die_stays_stopped(killed):
    stop = (chat.STOP, chat.Stop(conversation="home"))
    heard, model, _ = await killed(lambda body: Reply(text=TOKENS, fault="hang", after=12), then=stop)
    assert (heard.ended.outcome, heard.ended.answer) == ("stopped", heard.text)
    assert heard.text
    assert "".join(TOKENS).startswith(heard.text)
    assert len(model.chats) <= 2, "the third worker asked the model to go on with what was stopped"
