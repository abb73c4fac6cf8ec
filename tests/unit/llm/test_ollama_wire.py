"""Requests to and lines from Ollama's chat, field by field."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from proto.tasks import MoveTask
from services.llm.models.model import BadCall, Finished, Message, Prompt, TextPart, ThoughtPart, Tool, ToolCall
from services.llm.models.ollama_wire import LINE, Manner, chat_body, parts, tool_names
from services.llm.models.schemas import held, inline

MOVE = Tool(name="tasks.move", description="Move a task.", schema=msgspec.json.schema(MoveTask))
NATIVE = Manner(model="small", native=True)
HELD = Manner(model="plain", native=False)


def body(manner: Manner, *messages: Message, tools: tuple[Tool, ...] = (MOVE,)) -> Any:
    prompt = Prompt(messages=messages, tools=tools, num_ctx=4096, options={"temperature": 0.2})
    return json.loads(chat_body(prompt, manner))


def test_the_context_size_is_always_said_beside_the_other_options() -> None:
    assert body(NATIVE, Message(role="user", content="hi"))["options"] == {"temperature": 0.2, "num_ctx": 4096}


def test_a_native_tool_has_a_name_that_models_take_and_a_schema_without_references() -> None:
    (tool,) = body(NATIVE, Message(role="user", content="hi"))["tools"]
    assert tool["function"]["name"] == "tasks_move"
    assert tool["function"]["parameters"]["required"] == ["task", "position"]
    assert tool["function"]["parameters"]["properties"]["position"]["minimum"] == 1
    assert "$ref" not in json.dumps(tool)


def test_names_that_would_be_spelled_alike_stay_apart() -> None:
    tools = tuple(Tool(name=name, description="", schema={}) for name in ("a.b_c", "a_b.c", "a.b.c", "über.x"))
    names = tool_names(tools)
    assert len(set(names.values())) == 4
    assert all(name.isascii() and "." not in name for name in names.values())


def test_a_past_call_and_its_result_keep_their_ids_and_spelling() -> None:
    call = ToolCall(id="c1", action="tasks.move", arguments={"task": "milk", "position": 1})
    asked = body(
        NATIVE,
        Message(role="assistant", calls=(call,)),
        Message(role="tool", name="tasks.gone", call="c1", content="Moved."),
    )
    assistant, result = asked["messages"]
    assert assistant["tool_calls"] == [
        {"id": "c1", "function": {"name": "tasks_move", "arguments": {"task": "milk", "position": 1}}}
    ]
    assert result == {"role": "tool", "content": "Moved.", "tool_name": "tasks_gone", "tool_call_id": "c1"}


def test_the_fallback_puts_its_instruction_into_the_one_system_message() -> None:
    asked = body(HELD, Message(role="system", content="Be brief."), Message(role="user", content="hi"))
    system, user = asked["messages"]
    assert system["content"].startswith("Be brief.\n\nYou answer in JSON")
    assert user == {"role": "user", "content": "hi"}
    assert "tools" not in asked
    assert asked["format"]["anyOf"][1]["properties"]["action"] == {"const": "tasks.move"}


def test_without_tools_the_fallback_asks_for_plain_text() -> None:
    asked = body(HELD, Message(role="user", content="hi"), tools=())
    assert "format" not in asked
    assert asked["messages"] == [{"role": "user", "content": "hi"}]


def test_thinking_is_asked_for_only_where_the_model_can() -> None:
    assert "think" not in body(NATIVE, Message(role="user", content="hi"))
    assert body(Manner(model="r", native=True, thinks=True), Message(role="user", content="hi"))["think"] is True


def test_a_line_becomes_its_parts_in_order() -> None:
    line = LINE.decode(
        b'{"message":{"role":"assistant","content":"Hi","thinking":"hm","images":null,"tool_calls":[{"function":'
        b'{"index":0,"name":"tasks_move","arguments":{"task":"milk","position":1}},"id":"c9"}]},'
        b'"done":true,"done_reason":"stop","prompt_eval_count":12,"eval_count":3}'
    )
    assert list(parts([line], {"tasks_move": "tasks.move"})) == [
        ThoughtPart(text="hm"),
        TextPart(text="Hi"),
        ToolCall(id="c9", action="tasks.move", arguments={"task": "milk", "position": 1}),
        Finished(reason="stop", prompt_tokens=12, answer_tokens=3),
    ]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ('{"name":"tasks_move","arguments":"{\\"task\\":\\"milk\\"}"}', {"task": "milk"}),
        ('{"name":"tasks_move","arguments":"milk"}', None),
        ('{"name":"tasks_move","arguments":[1]}', None),
        ('{"name":"tasks_move","arguments":null}', None),
        ('{"name":"","arguments":{}}', None),
    ],
)
def test_arguments_that_are_no_object_make_a_bad_call(function: str, expected: dict[str, object] | None) -> None:
    line = LINE.decode(f'{{"message":{{"tool_calls":[{{"function":{function}}}]}}}}')
    (part,) = parts([line], {"tasks_move": "tasks.move"})
    if expected is None:
        assert isinstance(part, BadCall)
        assert part.reason
    else:
        assert isinstance(part, ToolCall)
        assert part.arguments == expected


def test_a_name_that_was_not_offered_is_handed_on_as_written() -> None:
    line = LINE.decode(b'{"message":{"tool_calls":[{"function":{"name":"rm_rf","arguments":{}}}]}}')
    (part,) = parts([line], {})
    assert isinstance(part, ToolCall)
    assert part.action == "rm_rf"


def test_a_schema_that_contains_itself_ends() -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}}
    assert "$ref" not in json.dumps(inline({"$ref": "#/$defs/Node", "$defs": {"Node": node}}))


def test_alternatives_survive_for_the_grammar() -> None:
    either: dict[str, object] = {"oneOf": [{"type": "string", "minLength": 1}, {"type": "null"}], "default": None}
    assert held({"type": "object", "properties": {"filter": either}})["properties"] == {
        "filter": {"anyOf": [{"type": "string"}, {"type": "null"}]}
    }
