"""What goes to Ollama's /api/chat and what comes back: a Prompt as a request body, a line as parts."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from proto.base import new_id
from services.llm.models.held import answer_schema, as_text, instruction
from services.llm.models.model import (
    BadCall,
    Finished,
    Message,
    ModelBroke,
    ModelError,
    ModelFailed,
    ModelMissing,
    ModelTooLarge,
    Part,
    Prompt,
    TextPart,
    ThoughtPart,
    Tool,
    ToolCall,
)
from services.llm.models.schemas import inline

SHOWN: Final = 2000
KEPT: Final = 1000
"""Tools whose spelling is kept."""
_MEMORY: Final = re.compile(r"\bout of memory\b|\bmore (system|GPU) memory\b|\bfailed to allocate\b", re.IGNORECASE)
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_-]")


class Function(msgspec.Struct, frozen=True):
    """A call as a model server reports it; its arguments are not trusted to be an object."""

    name: str = ""
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Call(msgspec.Struct, frozen=True):
    """One entry of `tool_calls`."""

    function: Function
    id: str = ""


class Said(msgspec.Struct, frozen=True):
    """The message, or the piece of it, in one line."""

    content: str = ""
    thinking: str = ""
    tool_calls: list[Call] | None = None


class Line(msgspec.Struct, frozen=True):
    """One line of a streamed chat."""

    message: Said = Said()
    done: bool = False
    done_reason: str = ""
    prompt_eval_count: int = 0
    eval_count: int = 0
    error: str = ""


LINE: Final = msgspec.json.Decoder(Line)


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is asked."""

    model: str
    native: bool
    """Its template knows tools."""
    thinks: bool = False
    keep_alive: str = "30m"


@functools.lru_cache(KEPT)
def tool_names(tools: tuple[Tool, ...]) -> Mapping[str, str]:
    """Spell each action's name as models take it (`tasks.add` → `tasks_add`); no two come out the same."""
    spelled: dict[str, str] = {}
    for tool in tools:
        name = _FOREIGN.sub("_", tool.name)
        while name in spelled.values():
            name += "_"
        spelled[tool.name] = name
    return spelled


def chat_body(prompt: Prompt, manner: Manner) -> bytes:
    """Encode the request for an answer that streams."""
    body: dict[str, object] = {
        "model": manner.model,
        "stream": True,
        "keep_alive": prompt.options.get("keep_alive", manner.keep_alive),
        "options": {**_sampling(prompt), "num_ctx": prompt.num_ctx},
    }
    if manner.thinks:
        # A model that goes on with its answer has done its thinking.
        body["think"] = bool(prompt.options.get("think", True)) and not prompt.begun
    body.update(_native(prompt) if manner.native or not prompt.tools else _held(prompt))
    return msgspec.json.encode(body)


def _sampling(prompt: Prompt) -> dict[str, object]:
    return {name: value for name, value in prompt.options.items() if name not in ("think", "keep_alive")}


def _native(prompt: Prompt) -> dict[str, object]:
    names = tool_names(prompt.tools)
    begun = (Message(role="assistant", content=prompt.begun),) if prompt.begun else ()
    asked: dict[str, object] = {"messages": [_message(message, names) for message in (*prompt.messages, *begun)]}
    if prompt.tools:
        asked["tools"] = [_function(tool, names[tool.name]) for tool in prompt.tools]
    return asked


@functools.lru_cache(KEPT)
def _function(tool: Tool, name: str) -> msgspec.Raw:
    """Spell a tool once for all the prompts that offer it."""
    function = {"name": name, "description": tool.description, "parameters": inline(tool.schema)}
    return msgspec.Raw(msgspec.json.encode({"type": "function", "function": function}))


def _held(prompt: Prompt) -> dict[str, object]:
    told = [{"role": role, "content": content} for role, content in map(as_text, prompt.messages)]
    if not told or told[0]["role"] != "system":
        told.insert(0, {"role": "system", "content": ""})
    # One system message: many small models' templates take no second one.
    told[0]["content"] = f"{told[0]['content']}\n\n{instruction(prompt.tools)}".strip()
    return {"messages": told, "format": answer_schema(prompt.tools)}


def _message(message: Message, names: Mapping[str, str]) -> dict[str, object]:
    told: dict[str, object] = {"role": message.role, "content": message.content}
    if message.calls:
        told["tool_calls"] = [
            {"id": call.id, "function": {"name": _spelled(call.action, names), "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.role == "tool":
        told |= {"tool_name": _spelled(message.name, names), "tool_call_id": message.call}
    return told


def _spelled(action: str, names: Mapping[str, str]) -> str:
    return names.get(action) or _FOREIGN.sub("_", action)


def read_lines(batch: Sequence[bytes], model: str) -> tuple[list[Line], ModelError | None]:
    """Read lines up to the last one of an answer, or to one that cannot go on; what came before it counts."""
    lines: list[Line] = []
    for raw in batch:
        try:
            line = LINE.decode(raw)
        except msgspec.DecodeError as error:
            return lines, ModelBroke(why=f"it sent a line that is not what it should be: {error}")
        if line.error:
            return lines, failed(model, line.error)
        lines.append(line)
        if line.done:
            break
    return lines, None


def parts(lines: Sequence[Line], actions: Mapping[str, str]) -> Iterator[Part]:
    """The parts in lines that came together; `actions` leads from a model's spelling back to the menu's.

    Text that came together is one part: a model that is faster than its readers costs no more for each token.
    """
    pieces: list[str] = []
    for line in lines:
        said = line.message
        if said.content and not (said.thinking or said.tool_calls or line.done):
            pieces.append(said.content)
            continue
        if pieces:
            yield TextPart(text="".join(pieces))
            pieces = []
        yield from _parts(line, actions)
    if pieces:
        yield TextPart(text="".join(pieces))


def _parts(line: Line, actions: Mapping[str, str]) -> Iterator[Part]:
    said = line.message
    if said.thinking:
        yield ThoughtPart(text=said.thinking)
    if said.content:
        yield TextPart(text=said.content)
    for call in said.tool_calls or ():
        yield read_native_call(call, actions)
    if line.done:
        yield Finished(
            reason=line.done_reason or "stop", prompt_tokens=line.prompt_eval_count, answer_tokens=line.eval_count
        )


def read_native_call(call: Call, actions: Mapping[str, str]) -> ToolCall | BadCall:
    """Check the form of a native call; arguments spelled as a string of JSON are taken too."""
    name, raw = call.function.name, bytes(call.function.arguments)
    try:
        arguments = msgspec.json.decode(raw)
        if isinstance(arguments, str):
            arguments = msgspec.json.decode(arguments)
    except msgspec.DecodeError as error:
        return BadCall(
            text=f"{name} {raw.decode(errors='replace')}"[:SHOWN], reason=f"Its arguments are not JSON: {error}"
        )
    if not name or not isinstance(arguments, dict):
        return BadCall(
            text=f"{name} {raw.decode(errors='replace')}"[:SHOWN],
            reason="A call needs the name of an action and an object of arguments.",
        )
    return ToolCall(id=call.id or new_id(), action=actions.get(name, name), arguments=arguments)


def error_text(body: bytes) -> str:
    """Ollama's own words in an error answer."""
    try:
        return msgspec.json.decode(body, type=dict[str, str])["error"]
    except (msgspec.DecodeError, KeyError):
        return body.decode(errors="replace").strip()[:500] or "no reason given"


def refused(status: int, text: str, model: str) -> ModelError:
    """The error that an error status stands for."""
    if status == 404 and model and "not found" in text:
        return ModelMissing(model=model)
    return failed(model or "this request", text)


def failed(model: str, text: str) -> ModelFailed:
    """The error for what a server says in its own words."""
    kind = ModelTooLarge if _MEMORY.search(text) else ModelFailed
    return kind(model=model, text=text.rstrip("."))
