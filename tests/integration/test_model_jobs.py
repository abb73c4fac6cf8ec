"""Which model does what: answers, commands, titles and summaries, by the settings, by choice and by conversation."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from proto import chat, choices, errors, events, models, titles
from proto.base import Nothing
from proto.kinds import happening
from services.llm.choices.instructions import DEFAULTS
from tests.fakes.ollama import FakeModel, Reply
from tests.fakes.ollama_script import is_aside
from tests.support.answering import answering

TINY = FakeModel(capabilities=("completion",))
LONG = "word " * 1400


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings):
            script = settings.pop("script", lambda body: Reply(text="Fine."))
            talking = await stack.enter_async_context(answering(own_nats, models_dir, ada, script, **settings))
            talking.model.models["tiny:latest"] = TINY
            return talking

        yield start


async def use(talking, model, job="answer"):
    await talking.bus.call(models.USE, models.UseModel(model=model, job=job), caller=talking.caller)


async def jobs(talking):
    found = await talking.bus.call(models.JOBS, Nothing(), caller=talking.caller)
    return {each.job: each for each in found.jobs}


async def named(talking):
    """Wait until the conversation got its name; returns which model was asked for it."""
    async with asyncio.timeout(20), talking.bus.follow(events.of_kind("chat.titled", talking.caller.user)) as live:
        found = await talking.bus.journal.read(events.of_kind("chat.titled", talking.caller.user))
        if not found:
            await live.next()
    return next(body["model"] for body in talking.model.requests if body["path"] == "/api/chat" and is_aside(body))


async def test_a_title_is_made_by_the_model_that_was_chosen_for_titles(talk):
    talking = await talk()
    await use(talking, "tiny", "title")
    heard = await talking.say("hello")
    assert (await named(talking), heard.ended.model) == ("tiny", "small:latest")


async def test_the_model_of_the_answers_names_too_where_none_was_chosen_for_it(talk):
    talking = await talk()
    await use(talking, "plain")
    await talking.say("hello")
    assert await named(talking) == "plain"


async def test_the_settings_name_the_models_of_jobs_and_a_choice_goes_before_them(talk):
    talking = await talk(models="title=tiny, command = plain")
    assert (await talking.say("tidy the attic up", mode="command")).ended.model == "plain"
    assert (await jobs(talking))["command"] == models.JobModel(job="command", model="plain", configured="plain")
    await use(talking, "tiny", "command")
    assert (await talking.say("tidy the attic up", mode="command")).ended.model == "tiny"
    await use(talking, "", "command")
    assert (await talking.say("tidy the attic up", mode="command")).ended.model == "plain"
    await talking.say("hello")


async def test_a_summary_is_written_by_its_own_model(talk):
    talking = await talk(script=lambda body: Reply(text=LONG))
    await use(talking, "tiny", "summary")
    talking.model.aside = lambda body: Reply(text="They counted words.")
    for number in range(6):
        await talking.say(f"question {number}")
    found = await talking.bus.journal.read(events.of_kind("chat.summarised", talking.caller.user))
    made = [happening(each.event) for each in found]
    assert {(each.by, each.text, each.version) for each in made} == {("tiny", "They counted words.", 0)}


async def test_what_does_each_job_is_listed_also_when_no_server_has_it(talk):
    talking = await talk()
    await use(talking, "tiny", "title")
    await use(talking, "plain")
    del talking.model.models["tiny:latest"]
    found = await jobs(talking)
    assert found["title"] == models.JobModel(job="title", model="tiny", chosen="tiny", missing=True)
    assert found["answer"] == models.JobModel(job="answer", model="plain", chosen="plain")
    assert found["summary"] == models.JobModel(job="summary", model="plain")


async def test_only_a_model_that_chats_gets_a_job(talk):
    talking = await talk()
    with pytest.raises(errors.Missing, match="There is no model 'nowhere'"):
        await use(talking, "nowhere", "title")
    assert not (await jobs(talking))["title"].chosen


@pytest.mark.parametrize("wrong", ["poem=tiny", "title", "title=", "answer=tiny"])
async def test_a_setting_that_names_no_job_is_said_at_the_start(own_nats, models_dir, ada, wrong):
    with pytest.raises(errors.Unavailable, match="JOB=MODEL"):
        async with answering(own_nats, models_dir, ada, models=wrong):
            pass


async def test_one_conversation_can_have_a_model_of_its_own(talk):
    talking = await talk()
    await talking.say("hello")
    tuned = models.SetOptions(conversation="home", options=models.Options(model="plain", temperature=0.1))
    await talking.bus.call(models.SET_OPTIONS, tuned, caller=talking.caller)
    assert (await talking.say("and now")).ended.model == "plain"
    assert talking.model.chats[-1]["options"]["temperature"] == 0.1
    assert "model" not in talking.model.chats[-1]["options"]


async def test_a_conversation_gets_only_a_model_that_is_there(talk):
    talking = await talk()
    await talking.say("hello")
    tuned = models.SetOptions(conversation="home", options=models.Options(model="nowhere"))
    with pytest.raises(errors.Missing, match="There is no model 'nowhere'"):
        await talking.bus.call(models.SET_OPTIONS, tuned, caller=talking.caller)


async def test_titles_and_answers_say_under_which_versions_they_were_made(talk):
    talking = await talk(script=lambda body: Reply(text=LONG))
    talking.model.aside = lambda body: Reply(text="Short.")
    for job in ("title", "summary"):
        edited = choices.EditInstruction(job=job, text=f"{DEFAULTS[job]} Be brief.")
        await talking.bus.call(choices.EDIT, edited, caller=talking.caller)
    for number in range(6):
        await talking.say(f"question {number}")
    await named(talking)
    titled = await talking.bus.journal.last(events.of_kind(titles.Titled.kind, talking.caller.user))
    assert happening(titled.event).version == 1
    given = [
        happening(each.event).instructions
        for each in await talking.bus.journal.read(events.of_kind(chat.Answered.kind, talking.caller.user))
    ]
    assert [each["system"] for each in given] == [0] * 6
    assert "summary" not in given[0]
    assert given[-1]["summary"] == 1
