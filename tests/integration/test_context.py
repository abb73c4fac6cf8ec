"""What the model sees: fitted into its context, summarised where it must be, and shown word for word."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from proto import errors, events, seen, tasks
from proto.base import Caller
from proto.kinds import happening
from tests.fakes.ollama import Reply, act
from tests.support.answering import answering
from tests.support.prompts import context

pytest_plugins = ("tests.integration.memory_fixtures",)
LONG = "word " * 1400


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with contextlib.AsyncExitStack() as stack:

        async def start(script=lambda body: Reply(text=LONG), **settings):
            return await stack.enter_async_context(answering(own_nats, models_dir, ada, script, **settings))

        yield start


async def see(talking, turn: str = "", step: int = 0, caller: Caller | None = None) -> seen.Seen:
    wanted = seen.See(conversation="home", turn=turn, step=step)
    return await talking.bus.call(seen.SEE, wanted, caller=caller or talking.caller)


async def summaries(talking) -> list[seen.Summarised]:
    found = await talking.bus.journal.read(events.in_conversation(talking.caller.user, "home", "chat"))
    return [what for each in found if isinstance(what := happening(each.event), seen.Summarised)]


async def test_a_long_conversation_is_summarised_once_and_goes_on_from_the_summary(talk):
    talking = await talk()
    talking.model.aside = lambda body: Reply(text="They counted words.")
    heard = [await talking.say(f"question {number}") for number in range(7)]
    assert all(each.ended.outcome == "done" for each in heard)
    (first, *_) = made = await summaries(talking)
    assert (first.text, first.by) == ("They counted words.", "small:latest")
    assert len(made) < 4, "there is room for some more after a folding"
    system = talking.model.chats[-1]["messages"][0]["content"]
    assert f"The first {made[-1].exchanges} exchanges of this conversation, summarised:\nThey counted words." in system
    assert talking.seen()[0] == f"user: question {made[-1].exchanges}"
    needed = next(each for each in heard if each.turn == first.turn)
    assert "Summarised the first" in needed.ended.spent.warning
    shown = {exchange.turn: exchange.summary for exchange in (await talking.read()).exchanges}
    assert shown[first.upto] == "They counted words."


async def test_the_model_is_never_sent_more_than_its_context_holds(talk):
    talking = await talk(lambda body: Reply(text="word " * 1000))
    for number in range(8):
        await talking.say(f"question {number}")
    assert await summaries(talking), "there was more to send than the context holds"
    assert max([(await see(talking, each.turn)).tokens for each in (await talking.read()).exchanges]) < 8192
    assert all(exchange.spent.tokens <= exchange.spent.context for exchange in (await talking.read()).exchanges)


async def test_a_summary_can_be_taken_back(talk):
    talking = await talk()
    for number in range(6):
        await talking.say(f"question {number}")
    (made, *_) = await summaries(talking)
    wanted = seen.Unfold(conversation="home", turn=made.upto)
    await talking.bus.call(seen.UNFOLD, wanted, caller=talking.caller)
    assert not any(exchange.summary for exchange in (await talking.read()).exchanges if exchange.turn == made.upto)
    with pytest.raises(errors.Missing):
        await talking.bus.call(seen.UNFOLD, wanted, caller=talking.caller)


async def test_where_the_model_cannot_summarise_beginnings_stand_for_it_and_it_is_said(talk):
    talking = await talk()
    talking.model.aside = lambda body: Reply(fault="status", error="out of memory")
    for number in range(6):
        assert (await talking.say(f"question {number}")).ended.outcome == "done"
    (made, *_) = await summaries(talking)
    assert made.by == ""
    assert "Asked: question 0" in made.text
    assert "Shortened to their beginnings" in made.sentence()


async def test_a_server_that_cuts_the_prompt_is_noticed(talk):
    talking = await talk(lambda body: Reply(text="Hm.", prompt_tokens=40))
    heard = await talking.say("hello")
    assert "left out a part" in heard.ended.spent.warning
    assert (await talking.read()).exchanges[0].spent.warning == heard.ended.spent.warning


async def test_a_message_longer_than_the_context_is_answered_with_a_warning(talk):
    talking = await talk(lambda body: Reply(text="Long."))
    heard = await talking.say("line\n" * 20_000)
    assert "its middle was left out" in heard.ended.spent.warning
    assert "characters left out" in talking.seen()[0]


async def test_what_the_model_saw_is_shown_word_for_word_for_every_step(talk):
    talking = await talk(act)
    first = await talking.say("add buy milk to my list")
    second = await talking.say("hello")
    for turn, step, number in ((first.turn, 1, 0), (first.turn, 2, 1), (second.turn, 1, 2)):
        shown, sent = await see(talking, turn, step), talking.model.chats[number]
        assert [(each.role, each.content) for each in shown.messages] == [
            (each["role"], each["content"]) for each in sent["messages"]
        ]
        assert [tool.name.replace(".", "_") for tool in shown.tools] == [
            tool["function"]["name"] for tool in sent["tools"]
        ]
        assert (shown.step, shown.context) == (step, sent["options"]["num_ctx"])
    assert [call.action for call in (await see(talking, first.turn)).messages[-2].calls] == ["tasks.add"]


async def test_what_was_seen_is_asked_for_in_vain_with_a_reason(talk, ada):
    talking = await talk(act)
    heard = await talking.say("hello")
    for turn, step, words in (("nowhere", 0, "no turn"), (heard.turn, 9, "called 1 times")):
        with pytest.raises(errors.Missing, match=words):
            await see(talking, turn, step)
    with pytest.raises(errors.Missing):
        await see(talking, heard.turn, caller=Caller(user="bob"))


async def test_a_question_brings_back_what_memory_has_with_its_event(daimon, models_dir, ada):
    event, _ = await daimon.record(tasks.TaskAdded(task="1", title="repair the bicycle"), ada)
    await daimon.embedded()
    # The embedding engine of this bus is the one whose meanings are known.
    async with answering(daimon.nats, models_dir, ada, lambda body: Reply(text="Hm.")) as talking:
        told = ""
        async with asyncio.timeout(60):
            # Memory may be late on a busy machine; then the turn goes on without it.
            while f"Added task 'repair the bicycle' [event {event}]" not in told:
                await talking.say("what did I want to repair, the bicycle?")
                told = context(talking.model.chats[-1])
        await talking.say("ok bike")
        assert "[event" not in context(talking.model.chats[-1]), "too short to search for"
    searched = [each.event.kind for each in await daimon.cli.journal.read(events.of_user(ada.user))]
    assert "memory.searched" not in searched, "nobody asked for it"


async def test_without_a_model_there_is_no_context_to_fill(talk):
    talking = await talk(ollama="off")
    for _ in range(4):
        heard = await talking.say("hello " * 2000)
    assert await summaries(talking) == []
    assert (heard.ended.spent.context, heard.ended.spent.warning) == (0, "")


async def test_without_memory_a_turn_goes_on(talk):
    talking = await talk(act)
    assert (await talking.say("what was to be done with my bike?")).ended.outcome == "done"
    assert (await talking.read()).exchanges[0].outcome == "done"
