"""A model server that changes in the middle of a turn: what was done stays, and a sentence says what to do."""

from __future__ import annotations

import re

import pytest

from proto import tasks
from tests.fakes.ollama import FakeModel, Reply
from tests.support.answering import answering

STOPPED = "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error"
LARGE = "model requires more system memory (9.9 GiB) than is available (5.5 GiB)"
TOOLLESS = FakeModel(capabilities=("completion",))


class Changing:
    """Adds a task, then does what the test says when the model is called with the result."""

    def __init__(self, then):
        self.then = then

    def __call__(self, body):
        if any(message["role"] == "tool" for message in body["messages"]):
            return self.then
        return Reply(calls=(("tasks_add", {"title": "buy milk"}),))


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada) as found:
        yield found


async def titles(talk):
    found = await talk.bus.call(tasks.LIST, tasks.ListTasks(), caller=talk.caller)
    return [task.title for task in found.tasks]


@pytest.mark.parametrize(
    ("then", "says"),
    [
        (Reply(fault="status", error=LARGE), "9.9 GiB.*choose a smaller model, or a smaller context"),
        (Reply(fault="status", error="CUDA error: out of memory"), "not enough memory for .*small"),
        (
            Reply(fault="status", error=STOPPED),
            "could not answer with .*small.*: model runner has unexpectedly stopped",
        ),
        (
            Reply(fault="status", status=404, error="model 'small:latest' not found"),
            "no model named small.*ollama pull",
        ),
        (Reply(text="Milk is on", fault="error_line", after=2, error=STOPPED), "unexpectedly stopped"),
        (Reply(text="Milk is on", fault="error_line", after=2, error="out of memory"), "choose a smaller model"),
    ],
    ids=["too large", "out of memory", "unloaded", "deleted", "unloaded in the middle", "out of memory in the middle"],
)
async def test_what_was_done_stays_and_the_sentence_says_what_to_do(talk, then, says):
    talk.model.script = Changing(then)
    heard = await talk.say("put milk on my list")
    assert heard.ended.outcome == "failed"
    assert re.search(says, heard.ended.error)
    assert await titles(talk) == ["buy milk"]
    assert heard.text == ("Milk is" if then.text else "")
    talk.model.script = lambda _: Reply(text="Here I am.")
    assert (await talk.say("and now?")).ended.answer == "Here I am."


async def test_a_model_that_was_deleted_in_a_turn_is_missed_and_another_one_answers_the_next(talk):
    def deleting(body):
        del talk.model.models["small:latest"]
        return Reply(calls=(("tasks_add", {"title": "buy milk"}),))

    talk.model.script = deleting
    heard = await talk.say("put milk on my list")
    assert heard.ended.outcome == "failed"
    assert "ollama pull small" in heard.ended.error
    assert await titles(talk) == ["buy milk"]


async def test_a_model_that_became_one_without_tools_is_held_to_the_schema_in_the_next_turn(talk):
    def replacing(body):
        talk.model.models["small:latest"] = TOOLLESS
        return Reply(calls=(("tasks_add", {"title": "buy milk"}),))

    talk.model.script = replacing
    heard = await talk.say("put milk on my list")
    assert "does not support tools" in heard.ended.error
    talk.model.script = lambda _: Reply(text="Here I am.")
    assert (await talk.say("and now?")).ended.answer == "Here I am."
    assert "format" in talk.model.chats[-1]
