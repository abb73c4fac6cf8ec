"""What a person chooses about answers: instructions and their versions, ratings, the content filter."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from proto import choices, errors, events, tasks
from proto.base import Nothing
from proto.choices import Filter, Pattern
from proto.kinds import happening
from services.llm.choices.instructions import SYSTEM, TITLE
from tests.fakes.ollama import Reply
from tests.support.answering import answering

SESAME = Filter(patterns=(Pattern(name="code", words="open sesame"),))


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada, lambda body: Reply(text="Fine.")) as found:
        yield found


async def call(talk, what, request):
    return await talk.bus.call(what, request, caller=talk.caller)


async def edit(talk, text, job="system"):
    return await call(talk, choices.EDIT, choices.EditInstruction(job=job, text=text))


def told(talk):
    """How the model was instructed for the latest answer; titles are made beside the answers."""
    first = [body["messages"][0]["content"] for body in talk.model.chats]
    return next(text for text in reversed(first) if text != TITLE)


async def answered(talk, turn):
    found = await talk.bus.journal.read(events.of_kind("chat.answered", talk.caller.user))
    return next(what for each in found if (what := happening(each.event)).turn == turn)


async def test_the_next_answer_is_given_under_the_new_text_and_says_under_which_version(talk):
    first = await talk.say("hello")
    assert told(talk).startswith(SYSTEM.partition("{now}")[0])
    version = await edit(talk, "You are a pirate. It is {now}. {braces} stay.")
    assert (version.number, version.used) == (1, True)
    second = await talk.say("hello")
    assert told(talk).startswith("You are a pirate. It is ")
    assert "{now}" not in told(talk)
    assert "{braces} stay." in told(talk)
    assert (await answered(talk, first.turn)).instructions == {"system": 0}
    assert (await answered(talk, second.turn)).instructions == {"system": 1}


async def test_a_command_has_an_instruction_of_its_own(talk):
    await edit(talk, "Be quick about it.", "command")
    heard = await talk.say("tidy the whole attic up", mode="command")
    assert "Be quick about it." in told(talk)
    assert (await answered(talk, heard.turn)).instructions["command"] == 1
    await talk.say("hello")
    assert "Be quick about it." not in told(talk)


async def test_an_earlier_version_can_be_used_again_and_nothing_is_lost(talk):
    await edit(talk, "Be brief.")
    await edit(talk, "Be kind.")
    await call(talk, choices.USE, choices.UseInstruction(job="system", number=1))
    await talk.say("hello")
    assert told(talk).startswith("Be brief.")
    kept = [each for each in (await call(talk, choices.INSTRUCTIONS, Nothing())).versions if each.job == "system"]
    assert [(each.number, each.used) for each in kept] == [(0, False), (1, True), (2, False)]
    with pytest.raises(errors.Missing, match="0 to 2"):
        await call(talk, choices.USE, choices.UseInstruction(job="system", number=3))


async def test_ten_edits_at_once_become_ten_versions(talk):
    made = await asyncio.gather(*(edit(talk, f"Text {number}.") for number in range(10)))
    assert len({each.text for each in made}) >= 1
    kept = [each for each in (await call(talk, choices.INSTRUCTIONS, Nothing())).versions if each.job == "system"]
    assert sorted(each.text for each in kept[1:]) == sorted(f"Text {number}." for number in range(10))


async def test_an_answer_says_under_which_version_it_was_given_and_what_it_was_found_worth(talk):
    good = await talk.say("hello")
    await edit(talk, "Be brief.")
    bad, again = await talk.say("hello"), await talk.say("hello")
    for heard, worth in ((good, "up"), (bad, "up"), (bad, "down"), (again, "up"), (again, "none")):
        await call(talk, choices.RATE, choices.Rate(turn=heard.turn, worth=worth))
    versions = [(await answered(talk, heard.turn)).instructions["system"] for heard in (good, bad, again)]
    assert versions == [0, 1, 1]
    assert [each.worth for each in (await talk.read()).exchanges] == ["up", "down", "none"]


@pytest.mark.parametrize("turn", ["", "hello", "not-there", "0199c0de-0000-7000-8000-000000000000", "f" * 36])
async def test_what_is_no_answer_is_not_rated(talk, turn):
    await talk.say("hello")
    with pytest.raises((errors.Missing, errors.Invalid)):
        await call(talk, choices.RATE, choices.Rate(turn=turn, worth="up"))


async def test_only_an_answer_of_ones_own_is_rated(talk):
    heard = await talk.say("hello")
    theirs = replace(talk.caller, user="mallory")
    with pytest.raises(errors.Missing):
        await talk.bus.call(choices.RATE, choices.Rate(turn=heard.turn, worth="down"), caller=theirs)


async def test_what_the_filter_holds_back_is_shown_and_kept_nowhere(talk):
    await call(talk, choices.SET_FILTER, SESAME)
    talk.model.script = lambda body: Reply(text=("say op", "en ses", "ame now"), thinking=("Open se", "same?"))
    heard = await talk.say("what is the word")
    assert heard.ended.answer == heard.text == "say [held back: code] now"
    log = await talk.bus.journal.read(events.of_user(talk.caller.user))
    after = [each.event for each in log if each.event.kind != "choice.filter"]
    assert not any(b"sesame" in bytes(event.data).lower() for event in after)
    held = [happening(event) for event in after if event.kind == "filter.held"]
    assert [(each.name, each.where) for each in held] == [("code", "answer"), ("code", "thought")]


async def test_an_action_does_not_run_with_what_the_filter_holds_back(talk):
    await call(talk, choices.SET_FILTER, SESAME)
    replies = iter([Reply(calls=(("tasks_add", {"title": "Open Sesame"}),)), Reply(text="I may not.")])
    talk.model.script = lambda body: next(replies)
    heard = await talk.say("add it")
    assert "holds back what is called 'code'" in heard.tools[0].result
    assert (await call(talk, tasks.LIST, tasks.ListTasks())).tasks == ()


async def test_the_filter_is_off_until_it_is_chosen_and_off_again_after(talk):
    talk.model.script = lambda body: Reply(text="open sesame")
    assert (await talk.say("word")).ended.answer == "open sesame"
    await call(talk, choices.SET_FILTER, SESAME)
    assert (await talk.say("word")).ended.answer == "[held back: code]"
    await call(talk, choices.SET_FILTER, Filter())
    assert (await talk.say("word")).ended.answer == "open sesame"
