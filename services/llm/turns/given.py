"""Turns whose conversation the client keeps: its messages to prompts, its tools beside the actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from proto.errors import Invalid
from proto.given import Given, GivenCall, GivenMessage
from services.llm.models.model import Message, Tool, ToolCall


def messages(given: Given, ours: tuple[Message, Message], now: Sequence[Message]) -> tuple[Message, ...]:
    """What the model is sent: the client's conversation, then what this turn has done (`now`).

    Our own rules and what we tell before the last message are sent only where the client gives no rules of its own.
    """
    told = tuple(map(_message, given.messages))
    if any(message.role == "system" for message in given.messages):
        return (*told, *now)
    rules, context = ours
    last = max((place for place, message in enumerate(told) if message.role == "user"), default=len(told))
    return (rules, *told[:last], context, *told[last:], *now)


def offered(given: Given, actions: Iterable[Tool]) -> tuple[Tool, ...]:
    """The tools of the client first, so that they keep their names; then the actions, if it wants them."""
    own = (Tool(name=tool.name, description=tool.description, schema=_schema(tool.schema)) for tool in given.tools)
    return (*own, *(actions if given.actions else ()))


def handed(given: Given, calls: Iterable[ToolCall]) -> tuple[GivenCall, ...]:
    """The calls that the client is to run."""
    names = {tool.name for tool in given.tools}
    return tuple(
        GivenCall(id=call.id, name=call.action, arguments=msgspec.json.encode(call.arguments).decode())
        for call in calls
        if call.action in names
    )


def check(given: Given) -> None:
    """Raise Invalid for what no model could be sent."""
    for message in given.messages:
        for call in message.calls:
            _arguments(call)
    for tool in given.tools:
        _schema(tool.schema)


def _message(message: GivenMessage) -> Message:
    calls = tuple(ToolCall(id=call.id, action=call.name, arguments=_arguments(call)) for call in message.calls)
    return Message(role=message.role, content=message.content, calls=calls, name=message.name, call=message.call)


def _arguments(call: GivenCall) -> dict[str, object]:
    try:
        return msgspec.json.decode(call.arguments or "{}", type=dict[str, object])
    except msgspec.DecodeError as error:
        raise Invalid(f"The arguments of the call {call.id} are not an object in JSON: {error}") from error


def _schema(schema: msgspec.Raw) -> dict[str, object]:
    try:
        return msgspec.json.decode(schema, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise Invalid(f"The parameters of a tool are not a JSON Schema: {error}") from error
