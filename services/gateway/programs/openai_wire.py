"""The OpenAI interface on the wire: what a request holds, what it means to us, and how an answer is spelled."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from proto.chat import MESSAGE_LIMIT, Ended
from proto.errors import Invalid
from proto.given import Given, GivenCall, GivenMessage, GivenTool

DEFAULT_MODEL = "daimon"
"""The name of whatever answers by default."""
MESSAGES = 2000
TOOLS = 128
OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "max_completion_tokens": "num_predict",
    "max_tokens": "num_predict",
}
"""Fields of a request, and the model server's option each is; the first of two that mean the same counts."""
_NOTHING = {"type": "object", "properties": {}}
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """The function of a call."""

    name: str
    arguments: str


class CalledTool(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a tool, as an assistant message carries it."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class ContentPart(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a message."""

    type: str
    text: str = ""


class RequestMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[ContentPart, ...] | None = None
    tool_calls: tuple[CalledTool, ...] | None = None
    tool_call_id: str = ""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the client can run."""

    name: str
    description: str | None = ""
    parameters: dict[str, Any] | None = None
    """JSON Schema; None for a function that takes nothing."""


class DeclaredTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of the client's own."""

    type: Literal["function"]
    function: Declared


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream carries beside the answer."""

    include_usage: bool = False


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the answer."""

    type: str


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked; fields that only steer somebody else's service are taken and mean nothing."""

    messages: Annotated[tuple[RequestMessage, ...], Meta(min_length=1, max_length=MESSAGES)]
    model: str = DEFAULT_MODEL
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    tools: Annotated[tuple[DeclaredTool, ...], Meta(max_length=TOOLS)] | None = None
    tool_choice: Any = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop: str | tuple[str, ...] | None = None
    n: int | None = 1
    logprobs: bool | None = None
    response_format: Format | None = None
    metadata: dict[str, str] | None = None

    @property
    def conversation(self) -> str:
        """The conversation of Daimon's own that goes on, empty where the client keeps it."""
        return (self.metadata or {}).get("conversation", "")

    @property
    def asked(self) -> str:
        """The last thing that the user said, as the log shows it."""
        said = [text_of(message) for message in self.messages if message.role == "user"]
        return next((text for text in reversed(said) if text.strip()), "")[:MESSAGE_LIMIT]


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to turn into vectors."""

    input: str | Annotated[tuple[str, ...], Meta(min_length=1, max_length=2048)]
    model: str = ""
    encoding_format: Literal["float", "base64"] = "float"


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What it took, in tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class WrongReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that is an error."""

    error: Wrong


def given(request: ChatRequest, model: str) -> Given:
    """What a turn is given; Invalid for what cannot be done here, because leaving it out in silence would be wrong."""
    _check(request)
    names: dict[str, str] = {}
    messages = tuple(_message(message, names) for message in request.messages)
    tools = () if request.tool_choice == "none" else tuple(map(_tool, request.tools or ()))
    chosen = Given(actions=request.tool_choice != "none", model=model, options=_options(request))
    if not request.conversation:
        return msgspec.structs.replace(chosen, messages=messages, tools=tools)
    if tools:
        raise Invalid("A conversation that Daimon keeps takes no `tools`; leave out `metadata.conversation`.")
    return chosen


def text_of(message: RequestMessage) -> str:
    """The text of a message, whose parts may stand apart."""
    if isinstance(message.content, str):
        return message.content
    parts = message.content or ()
    for part in parts:
        if part.type not in ("text", "input_text", "output_text"):
            raise Invalid(f"A message holds a part of type `{part.type[:40]}`; only text is taken here.")
    return "".join(part.text for part in parts)


def called(calls: tuple[GivenCall, ...]) -> tuple[CalledTool, ...]:
    """Calls as an answer carries them."""
    return tuple(CalledTool(id=call.id, function=Function(name=call.name, arguments=call.arguments)) for call in calls)


def usage(ended: Ended) -> Usage:
    """What an answer took."""
    prompt, answer = ended.prompt_tokens, ended.answer_tokens
    return Usage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer)


def finish_reason(ended: Ended) -> str:
    """Why an answer ended, in the interface's words."""
    if ended.handed:
        return "tool_calls"
    return "length" if ended.cut else "stop"


def _check(request: ChatRequest) -> None:
    if (request.n or 1) != 1:
        raise Invalid("`n` can only be 1: one answer is written at a time.")
    if request.logprobs:
        raise Invalid("`logprobs` cannot be given; leave it out.")
    if request.response_format and request.response_format.type != "text":
        raise Invalid("`response_format` can only be text; ask for JSON in words, or declare a tool.")
    if request.tool_choice not in (None, "auto", "none"):
        raise Invalid("`tool_choice` can only be auto or none.")
    if not request.asked:
        raise Invalid("There is no message of the user's among `messages`; say what is asked.")


def _message(message: RequestMessage, names: dict[str, str]) -> GivenMessage:
    """A message as a turn is given it; results learn from the calls before them what they are the result of."""
    calls = tuple(
        GivenCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
        for call in message.tool_calls or ()
    )
    names.update((call.id, call.name) for call in calls)
    if message.role == "tool" and message.tool_call_id not in names:
        raise Invalid(f"The tool message for `{message.tool_call_id[:64]}` follows no call with that id.")
    return GivenMessage(
        role="system" if message.role == "developer" else message.role,
        content=text_of(message),
        calls=calls,
        name=names.get(message.tool_call_id, ""),
        call=message.tool_call_id,
    )


def _tool(tool: DeclaredTool) -> GivenTool:
    declared = tool.function
    if not _TOOL_NAME.fullmatch(declared.name):
        raise Invalid(f"A tool cannot be called `{declared.name[:64]}`: take up to 64 letters, digits, `_` and `-`.")
    schema = msgspec.Raw(msgspec.json.encode(declared.parameters or _NOTHING))
    return GivenTool(name=declared.name, description=declared.description or "", schema=schema)


def _options(request: ChatRequest) -> dict[str, float | int | str | tuple[str, ...]]:
    found: dict[str, float | int | str | tuple[str, ...]] = {}
    for field, option in OPTIONS.items():
        value = getattr(request, field)
        if value is not None:
            found.setdefault(option, value)
    if request.stop:
        found["stop"] = (request.stop,) if isinstance(request.stop, str) else request.stop
    return found
