"""The fallback for models without tool calls: what they are told, the schema they are held to, reading what comes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from proto.base import new_id
from services.llm.models.model import BadCall, Finished, Message, Part, TextPart, Tool, ToolCall
from services.llm.models.schemas import Schema, held, inline

SHOWN: Final = 2000
HOW: Final = 'Write {"action": NAME, "parameters": {…}} to call an action, or {"answer": TEXT} to answer.'

_OPENING: Final = re.compile(r'\s*\{\s*"answer"\s*:\s*"')
_BEGUN: Final = re.compile(r'\s*(\{\s*("(a(n(s(w(e(r("\s*(:\s*)?)?)?)?)?)?)?)?)?)?$')
_SPECIAL: Final = re.compile(r'["\\]')
_HIGH: Final = re.compile(r"\\u[dD][89abAB]")


def instruction(tools: tuple[Tool, ...]) -> str:
    """Tell a model in words what the schema holds it to."""
    menu = "\n".join(
        f"- {tool.name}: {tool.description} Parameters: {json.dumps(inline(tool.schema))}" for tool in tools
    )
    return (
        "You answer in JSON, one object at a time. "
        'To call an action, write {"action": "NAME", "parameters": {...}}. '
        'To answer the user, write {"answer": "TEXT"}. '
        "After an action you are given its result; then call the next one or answer.\n"
        f"These are the actions:\n{menu}"
    )


def answer_schema(tools: tuple[Tool, ...]) -> Schema:
    """The schema that allows a call of one of the tools, or an answer."""
    return {"anyOf": [_variant(answer={"type": "string"}), *map(_call_variant, tools)]}


def _call_variant(tool: Tool) -> Schema:
    return _variant(action={"const": tool.name}, parameters=held(tool.schema))


def _variant(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}


def as_text(message: Message) -> tuple[str, str]:
    """Spell a message as (role, content) for a model that knows neither calls nor results."""
    if message.role == "tool":
        return "user", f"Result of {message.name}: {message.content}"
    if message.role != "assistant":
        return message.role, message.content
    if message.calls:
        call = message.calls[0]
        return "assistant", json.dumps({"action": call.action, "parameters": call.arguments}, ensure_ascii=False)
    return "assistant", json.dumps({"answer": message.content}, ensure_ascii=False)


class HeldAnswer:
    """Reads the JSON of one answer as it is written, so that the text of an answer streams."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._rest = ""
        self._kind = ""
        """`answer` while its text streams, `text` for something that is not JSON, `call` for the rest."""
        self._closed = False

    def feed(self, text: str) -> str:
        """Take the next piece; return what can be shown of it."""
        self._written.append(text)
        if not self._kind:
            text = self._decide(text)
        if self._kind == "answer" and not self._closed:
            return self._unescape(text)
        return text if self._kind == "text" else ""

    def end(self) -> Part | None:
        """What the whole was, where it has not streamed already."""
        if self._kind in ("answer", "text"):
            return None
        return read_call("".join(self._written))

    def _decide(self, text: str) -> str:
        self._rest += text
        opened = _OPENING.match(self._rest)
        if opened:
            self._kind = "answer"
        elif self._rest.strip() and not self._rest.lstrip().startswith("{"):
            self._kind = "text"
        elif not _BEGUN.match(self._rest):
            self._kind = "call"
        if not self._kind:
            return ""
        begun, self._rest = self._rest[opened.end() if opened else 0 :], ""
        return begun

    def _unescape(self, text: str) -> str:
        text, at, shown = self._rest + text, 0, []
        self._rest = ""
        while special := _SPECIAL.search(text, at):
            shown.append(text[at : special.start()])
            at = special.start()
            if text[at] == '"':
                self._closed = True
                return "".join(shown)
            size = _escape_size(text, at)
            if len(text) < at + size:
                self._rest = text[at:]
                return "".join(shown)
            shown.append(_unescaped(text[at : at + size]))
            at += size
        return "".join([*shown, text[at:]])


def read_held(held: HeldAnswer, part: Part) -> Iterator[Part]:
    """The parts of an answer that was held to a schema."""
    if isinstance(part, TextPart):
        if text := held.feed(part.text):
            yield TextPart(text=text)
        return
    if isinstance(part, Finished) and (last := held.end()):
        yield last
    yield part


def _escape_size(text: str, at: int) -> int:
    if text[at + 1 : at + 2] != "u":
        return 2
    if not _HIGH.match(text, at):
        return 6
    if text.startswith("\\u", at + 6):
        return 12
    return 6 if len(text) >= at + 8 else 8  # too early to know whether its other half follows


def _unescaped(escape: str) -> str:
    try:
        return str(json.loads(f'"{escape}"')).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except ValueError:
        return escape


def read_call(text: str) -> Part:
    """Read a whole answer: a call, an answer, or what is wrong with it."""
    try:
        said = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return BadCall(text=text[:SHOWN], reason=f"This is not JSON: {error}. {HOW}")
    match said:
        case {"answer": str(answer)}:
            return TextPart(text=answer)
        case {"action": str(action), "parameters": dict(arguments)}:
            return ToolCall(id=new_id(), action=action, arguments=arguments)
    return BadCall(text=text[:SHOWN], reason=f"This is neither a call nor an answer. {HOW}")
