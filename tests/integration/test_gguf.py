"""A model in a local file: it streams, stops, is held to a schema, waits its turn, and says what is wrong with it."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from proto import llm, models
from proto.base import Nothing
from services.llm.models.gguf import FileFailed, FileUnusable, Gguf
from services.llm.models.gguf_header import trained_context
from services.llm.models.gguf_wire import chat_body, read
from services.llm.models.gguf_writing import load
from services.llm.models.model import BadCall, Finished, Message, Prompt, TextPart, ThoughtPart, Tool, ToolCall
from tests.fakes import gguf_model
from tests.support.answering import answering

CONTEXT = 2048
GO = Tool(
    name="light.go",
    description="Turn it.",
    schema={
        "type": "object",
        "properties": {"on": {"type": "boolean"}},
        "required": ["on"],
        "additionalProperties": False,
    },
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return gguf_model.write(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
async def model(path):
    found = Gguf(str(path), CONTEXT)
    try:
        yield found
    finally:
        await found.aclose()


def prompt(text="hello", tokens=20, tools=(), **options) -> Prompt:
    asked = (Message(role="system", content="Be short."), Message(role="user", content=text))
    return Prompt(messages=asked, tools=tools, num_ctx=CONTEXT, options={"num_predict": tokens, "seed": 1, **options})


async def answer(model, asked):
    async with aclosing(model.reply(asked)) as parts:
        return [part async for part in parts]


async def test_an_answer_streams_and_ends_with_its_counts(model):
    *said, finished = await answer(model, prompt(tokens=20))
    assert len(said) > 5
    assert all(isinstance(part, TextPart) for part in said)
    assert finished == Finished(reason="length", prompt_tokens=finished.prompt_tokens, answer_tokens=20)
    assert finished.prompt_tokens > 10
    assert model.problem() == ""


async def test_the_context_is_no_larger_than_the_model_was_made_for(path):
    model = Gguf(str(path), 16384)
    await model.open()
    assert model.context == CONTEXT
    await model.aclose()


@pytest.mark.parametrize("length", [0, 20, 30, 60, 200])
def test_a_header_that_is_cut_short_says_nothing(path, tmp_path, length):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(path.read_bytes()[:length])
    assert trained_context(cut) in (0, CONTEXT)


async def test_the_same_seed_says_the_same(model):
    assert await answer(model, prompt(temperature=0)) == await answer(model, prompt(temperature=0))


class Counting:
    """llama.cpp, counting what it writes of each answer."""

    def __init__(self, *opened):
        self.server = load(*opened)
        self.answers = []

    def handle_chat_completions(self, body, callback):
        written = []
        self.answers.append(written)
        return self.server.handle_chat_completions(body, lambda piece: written.append(piece) or callback(piece))


async def test_stopping_ends_the_writing_within_a_token_or_two(model, monkeypatch):
    monkeypatch.setattr("services.llm.models.gguf.load", Counting)
    parts = model.reply(prompt(tokens=1900))
    assert isinstance(await anext(parts), TextPart)
    await parts.aclose()
    (written,) = (await model.open()).answers
    by_then = len(written)
    # The next one is written by the same thread, so it comes when the first has ended.
    *_, finished = await answer(model, prompt(tokens=1))
    assert finished.answer_tokens == 1
    assert len(written) <= by_then + 2


async def test_the_event_loop_goes_on_while_the_model_writes(model):
    writing = asyncio.create_task(answer(model, prompt(tokens=1500)))
    turns = 0
    while not writing.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(await writing) > 300
    assert turns > 300


async def test_a_model_that_is_offered_actions_is_held_to_their_schema(model):
    called = []
    for seed in range(10):
        *parts, finished = await answer(model, prompt(tokens=1200, tools=(GO,), seed=seed))
        # One that runs out of room in the middle of a text is no fault of the schema.
        assert finished.reason == "length" or not any(isinstance(part, BadCall) for part in parts)
        called += [part for part in parts if isinstance(part, ToolCall)]
    assert called
    assert {call.action for call in called} == {"light.go"}
    assert all(type(call.arguments["on"]) is bool and len(call.arguments) == 1 for call in called)


async def test_two_at_once_are_written_one_after_the_other(model):
    ends = []

    async def write(name):
        await answer(model, prompt(tokens=300))
        ends.append(name)

    async with asyncio.timeout(60):
        await asyncio.gather(write("first"), write("second"))
    assert ends == ["first", "second"]


async def test_one_that_waits_can_be_stopped_before_it_is_written(model):
    first = model.reply(prompt(tokens=2000))
    await anext(first)
    waiting = asyncio.create_task(answer(model, prompt()))
    for _ in range(5):
        await anext(first)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await first.aclose()
    assert len(await answer(model, prompt(tokens=3))) > 1


def test_what_a_model_thinks_is_kept_apart():
    said, problem = read('{"choices": [{"delta": {"reasoning_content": "Hm.", "content": "Yes."}}]}')
    assert (said, problem) == ([ThoughtPart(text="Hm."), TextPart(text="Yes.")], "")


def test_a_template_that_knows_no_results_is_told_of_them_as_text_and_of_no_side_twice_in_a_row():
    call = ToolCall(id="1", action="light.go", arguments={"on": True})
    told = (
        Message(role="system", content="Be short."),
        Message(role="user", content="Light!"),
        Message(role="assistant", calls=(call,)),
        Message(role="tool", name="light.go", call="1", content="done"),
        Message(role="user", content="And?"),
    )
    body = json.loads(chat_body(Prompt(messages=told, num_ctx=CONTEXT, options={"num_predict": 5, "num_ctx": 1})))
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert body["messages"][-1]["content"] == "Result of light.go: done\n\nAnd?"
    assert body["max_tokens"] == 5
    assert "num_ctx" not in body


async def test_what_does_not_fit_is_a_sentence(model):
    with pytest.raises(FileFailed, match="exceeds the available context size"):
        await answer(model, prompt("x" * 5000))


async def test_a_template_that_refuses_is_a_sentence(tmp_path):
    refusing = gguf_model.write(tmp_path / "refusing.gguf", template="{{ raise_exception('no such roles') }}")
    model = Gguf(str(refusing), CONTEXT)
    with pytest.raises(FileUnusable, match="chat template"):
        await answer(model, prompt())
    await model.aclose()


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), (b"PK\3\4", "not in the GGUF format"), (b"GGUF" * 9, "cut short")]
)
async def test_a_file_that_is_wrong_is_said_with_what_to_do(tmp_path, content, says):
    path = tmp_path / "wrong.gguf"
    if content is not None:
        path.write_bytes(content)
    model = Gguf(str(path), CONTEXT)
    with pytest.raises(FileUnusable, match=rf"{path} cannot be used.*{says}.*another file"):
        await answer(model, prompt())
    assert says in model.problem()
    await model.aclose()


async def test_a_conversation_with_a_file_and_no_server(own_nats, models_dir, ada, path):
    async with answering(
        own_nats, models_dir, ada, ollama="off", gguf=str(path), num_ctx=CONTEXT, steps=1, turn_timeout=60
    ) as talk:
        engine = await talk.bus.call(llm.ENGINE, Nothing(), caller=talk.caller)
        assert (engine.model, engine.problem) == ("tiny", "")
        listed = await talk.bus.call(llm.MODELS, Nothing(), caller=talk.caller)
        assert [(line.name, line.server) for line in listed.models] == [("tiny", str(path))]
        assert (await talk.bus.call(models.USE, models.UseModel(model="tiny"), caller=talk.caller)).model == "tiny"
        heard = await talk.say("hello")
        assert heard.ended.model == "tiny"


async def test_a_conversation_with_a_file_that_is_gone_says_so(own_nats, models_dir, ada, tmp_path):
    gone = tmp_path / "gone.gguf"
    async with answering(own_nats, models_dir, ada, ollama="off", gguf=str(gone)) as talk:
        engine = await talk.bus.call(llm.ENGINE, Nothing(), caller=talk.caller)
        assert "No such file" in engine.problem
        heard = await talk.say("hello")
        assert heard.ended.outcome == "failed"
        assert "gone.gguf cannot be used" in heard.ended.error
