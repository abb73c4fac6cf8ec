"""The fallback for models without tool calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.llm.models.held import HeldAnswer, answer_schema, as_text, instruction
from services.llm.models.model import BadCall, Message, Part, TextPart, Tool, ToolCall

ADD = Tool(
    name="tasks.add",
    description="Add a task.",
    schema={
        "$ref": "#/$defs/AddTask",
        "$defs": {
            "AddTask": {
                "type": "object",
                "properties": {"title": {"$ref": "#/$defs/Title"}},
                "required": ["title"],
                "additionalProperties": False,
            },
            "Title": {"type": "string", "maxLength": 500, "description": "What is to be done"},
        },
    },
)


def fed(text: str, size: int) -> tuple[str, Part | None]:
    answer = HeldAnswer()
    shown = "".join(answer.feed(text[at : at + size]) for at in range(0, len(text), size))
    return shown, answer.end()


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("said", ["Hello there.", 'a "quote" \\ and\nlines\t', "é 漢 🙂 \u2028", "", "{}"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_text_of_an_answer_streams_whatever_it_is_cut_into(size: int, said: str, ascii_only: bool) -> None:
    written = json.dumps({"answer": said}, ensure_ascii=ascii_only)
    assert fed(written, size) == (said, None)


def test_text_is_shown_before_the_answer_is_complete() -> None:
    answer = HeldAnswer()
    assert [answer.feed(piece) for piece in ('{"ans', 'wer": "', "Good", " mor", "ning\\", 'n"}')] == [
        "",
        "",
        "Good",
        " mor",
        "ning",
        "\n",
    ]


def test_half_of_a_character_pair_becomes_a_replacement_character() -> None:
    assert fed('{"answer": "a\\ud83d b"}', 3) == ("a\ufffd b", None)
    assert fed('{"answer": "a\\ud83d"}', 3) == ("a\ufffd", None)


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_call_is_read_whole(size: int) -> None:
    shown, call = fed('{"action": "tasks.add", "parameters": {"title": "buy milk"}}', size)
    assert shown == ""
    assert isinstance(call, ToolCall)
    assert (call.action, call.arguments) == ("tasks.add", {"title": "buy milk"})
    assert call.id


@pytest.mark.parametrize(
    "written",
    [
        '{"action": "tasks.add", "parameters": {"title": "buy',
        '{"action": "tasks.add", "parameters": "buy milk"}',
        '{"action": 7, "parameters": {}}',
        '{"parameters": {}}',
        "{}",
        "",
        '{"answ',
    ],
)
def test_a_broken_call_is_told_with_a_reason_and_never_becomes_an_empty_one(written: str) -> None:
    _, call = fed(written, 6)
    assert isinstance(call, BadCall)
    assert call.text == written
    assert '"action"' in call.reason


def test_an_answer_that_was_cut_off_keeps_what_was_shown() -> None:
    assert fed('{"answer": "It is', 4) == ("It is", None)


def test_an_answer_beside_other_fields_is_still_an_answer() -> None:
    assert fed('{"note": 1, "answer": "yes"}', 5) == ("", TextPart(text="yes"))


def test_a_model_that_does_not_keep_to_the_schema_is_shown_as_it_wrote() -> None:
    assert fed("Sure! I can do that.", 3) == ("Sure! I can do that.", None)


def test_the_schema_names_each_action_without_what_grammars_cannot_hold() -> None:
    schema: Any = answer_schema((ADD,))
    answer, call = schema["anyOf"]
    assert answer["required"] == ["answer"]
    assert call["properties"] == {
        "action": {"const": "tasks.add"},
        "parameters": {
            "type": "object",
            "properties": {"title": {"type": "string"}},
            "required": ["title"],
            "additionalProperties": False,
        },
    }


def test_the_instruction_shows_every_action_with_its_parameters() -> None:
    told = instruction((ADD,))
    assert "tasks.add: Add a task." in told
    assert '"maxLength": 500' in told
    assert "$ref" not in told


def test_calls_and_results_are_told_in_the_same_json_the_model_writes() -> None:
    call = ToolCall(id="1", action="tasks.add", arguments={"title": "buy milk"})
    assert as_text(Message(role="assistant", calls=(call,))) == (
        "assistant",
        '{"action": "tasks.add", "parameters": {"title": "buy milk"}}',
    )
    assert as_text(Message(role="assistant", content="Hello")) == ("assistant", '{"answer": "Hello"}')
    assert as_text(Message(role="tool", name="tasks.add", content="ok")) == ("user", "Result of tasks.add: ok")
