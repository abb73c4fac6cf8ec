"""The end of a job opens a turn by itself: once, where nobody speaks, and not without end."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from msgspec.structs import replace

from proto import chat, choices, events
from proto.jobs import JobEnded, JobStarted
from services.runtime.bus import Bus
from tests.fakes.ollama import Reply
from tests.support.answering import Talk, answering
from tests.support.chatting import hear

JOB = "ab12cd34"


def script(body) -> Reply:
    return Reply(text="It is done." if "Job " in body["messages"][-1]["content"] else "I began it.")


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings) -> Talk:
            return await stack.enter_async_context(answering(own_nats, models_dir, ada, script, **settings))

        yield start


@pytest.fixture
async def job(own_nats, ada):
    """Let a job of the conversation begin and end."""
    async with Bus.open(own_nats.settings("sandbox"), "sandbox") as bus:

        async def ended(name=JOB, actor="model", conversation="home", user="", **fields) -> events.Event:
            caller = replace(ada, actor=actor, conversation=conversation, user=user or ada.user)
            start = events.happened(JobStarted(job=name, command="make test"), caller)
            await bus.journal.append(start)
            end = JobEnded(**{"job": name, "command": "make test", "exit_code": 2, "seconds": 12.0, **fields})
            event = events.happened(end, replace(caller, actor="system", cause=start.id))
            await bus.journal.append(event)
            return event

        yield ended


async def answered(talking: Talk, count: int, conversation: str = "home", user: str = "") -> list[chat.Exchange]:
    """The exchanges of a conversation once so many are over."""
    caller = replace(talking.caller, user=user or talking.caller.user)
    wanted = chat.Read(conversation=conversation)
    async with asyncio.timeout(30), talking.bus.follow(events.of_noun("chat")) as live:
        while True:
            found = (await talking.bus.call(chat.READ, wanted, caller=caller)).exchanges
            if sum(each.outcome is not None for each in found) >= count:
                return list(found)
            await live.next()


async def looked_at(talking: Talk, job, user: str = "") -> None:
    """Wait until the ends of jobs so far were looked at: one after the other, so one that wakes comes after them."""
    caller = replace(talking.caller, conversation="elsewhere", user=user or talking.caller.user)
    await hear(talking.bus, caller, chat.SEND, chat.Send(conversation="elsewhere", text="run the tests"))
    await job("elsewhere", conversation="elsewhere", user=user)
    await answered(talking, 2, "elsewhere", user)


async def test_the_end_of_a_job_is_answered_without_being_asked(talk, job):
    talking = await talk()
    await talking.say("run the tests")
    ended = await job()
    _, woken = await answered(talking, 2)
    assert (woken.actor, woken.answer) == ("system", "It is done.")
    assert JOB in woken.asked
    assert "exit code 2" in woken.asked
    found = await talking.bus.journal.read(events.of_kind(chat.Asked.kind))
    assert found[-1].event.cause == ended.id


async def test_it_speaks_again_only_so_often_until_a_person_does(talk, job):
    talking = await talk(wakes=2)
    await talking.say("run the tests")
    for number in range(2):
        await job(f"job{number}")
        await answered(talking, number + 2)
    await job("one-more")
    await looked_at(talking, job)
    await talking.say("and?")
    found = await answered(talking, 4)
    assert [each.actor for each in found] == ["user", "system", "system", "user"]
    await job("last")
    assert (await answered(talking, 5))[-1].actor == "system"


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"wakes": 0}, {}),
        ({}, {"actor": "user"}),
        ({}, {"terminal": True}),
        ({}, {"state": "stopped"}),
        ({}, {"state": "lost"}),
        ({}, {"conversation": "other"}),
    ],
)
async def test_nobody_is_woken_for_what_the_assistant_does_not_wait_for(talk, job, settings, fields):
    talking = await talk(**settings)
    await talking.say("run the tests")
    await job(**fields)
    if not settings:
        await job("really")
    found = await answered(talking, 1 if settings else 2)
    assert [JOB in each.asked for each in found] == [False] * len(found)
    if settings:
        # A message after it is told of the job, as of everything that happened lately.
        await talking.say("and?")
        assert "`make test`" in str(talking.model.chats[-1]["messages"])


async def test_who_chose_not_to_be_spoken_to_is_not_until_they_choose_otherwise(talk, job):
    talking = await talk()
    await talking.say("run the tests")
    await talking.bus.call(choices.SET_WAKING, choices.Waking(on=False), caller=talking.caller)
    await job("quiet")
    await looked_at(talking, job, user=f"{talking.caller.user}-other")
    await talking.bus.call(choices.SET_WAKING, choices.Waking(on=True), caller=talking.caller)
    await job("loud")
    found = await answered(talking, 2)
    assert [each.asked.split()[1] for each in found if each.actor == "system"] == ["loud"]


async def test_a_busy_conversation_is_not_spoken_into(talk, job):
    talking = await talk()

    def hold(body) -> Reply:
        return Reply(text="slow " * 150, rate=15) if "slowly" in str(body["messages"][-1]) else script(body)

    talking.model.script = hold
    saying = asyncio.create_task(talking.say("slowly"))
    async with talking.bus.feed(chat.PARTS).follow(talking.caller.user, "home") as live:
        async for _, part in live:
            if isinstance(part, chat.Text):
                break
    await job()
    await looked_at(talking, job)
    await saying
    await talking.say("and?")
    assert [each.actor for each in (await talking.read()).exchanges] == ["user", "user"]


async def test_after_a_stop_nothing_speaks_by_itself(talk, job):
    talking = await talk()
    talking.model.script = lambda _body: Reply(text="slow " * 200, rate=10)
    saying = asyncio.create_task(talking.say("slowly"))
    async with talking.bus.feed(chat.PARTS).follow(talking.caller.user, "home") as live:
        async for _, part in live:
            if isinstance(part, chat.Text):
                break
    await talking.bus.call(chat.STOP, chat.Stop(conversation="home"), caller=talking.caller)
    await saying
    talking.model.script = script
    await job()
    await looked_at(talking, job)
    await talking.say("go on")
    assert [each.actor for each in (await talking.read()).exchanges] == ["user", "user"]
