"""What llama.cpp is asked for a chat and what it writes: a Prompt as a request, a piece of JSON as parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from services.llm.models.held import answer_schema, as_text, instruction
from services.llm.models.model import Finished, Message, Part, Prompt, TextPart, ThoughtPart

OPTIONS: Final = {"num_predict": "max_tokens"}
"""What is called otherwise than on an Ollama server."""
UNTOLD: Final = ("num_ctx", "keep_alive")
"""What is settled when the file is loaded."""


class Delta(msgspec.Struct, frozen=True):
    """The next of an answer."""

    content: str | None = None
    reasoning_content: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """One of the answers, of which there is one."""

    delta: Delta = Delta()
    finish_reason: str | None = None


class Timings(msgspec.Struct, frozen=True):
    """How much was read and written."""

    cache_n: int = 0
    prompt_n: int = 0
    predicted_n: int = 0


class Complaint(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    message: str = "no reason given"


class Piece(msgspec.Struct, frozen=True):
    """What llama.cpp writes at a time."""

    choices: tuple[Choice, ...] = ()
    timings: Timings = Timings()
    error: Complaint | None = None


PIECE: Final = msgspec.json.Decoder(Piece)


def chat_body(prompt: Prompt) -> str:
    """Encode the request for an answer that streams."""
    options = {OPTIONS.get(name, name): value for name, value in prompt.options.items() if name not in UNTOLD}
    think = options.pop("think", True)
    body: dict[str, object] = {**options, "stream": True, "chat_template_kwargs": {"enable_thinking": bool(think)}}
    messages = list(prompt.messages)
    if prompt.tools:
        place = int(bool(messages) and messages[0].role == "system")
        messages.insert(place, Message(role="system", content=instruction(prompt.tools)))
        schema = {"name": "answer", "schema": answer_schema(prompt.tools)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    body["messages"] = merged(messages, held=bool(prompt.tools))
    return msgspec.json.encode(body).decode()


def merged(messages: Sequence[Message], *, held: bool) -> list[dict[str, str]]:
    """Spell messages for any template: many refuse two of one side in a row, and know no results of calls."""
    told: list[dict[str, str]] = []
    for message in messages:
        role, content = (
            as_text(message) if held or message.calls or message.role != "assistant" else ("assistant", message.content)
        )
        if told and told[-1]["role"] == role:
            told[-1]["content"] += f"\n\n{content}"
        else:
            told.append({"role": role, "content": content})
    return told


def read(piece: str) -> tuple[list[Part], str]:
    """The parts in a piece, or what went wrong."""
    try:
        said = PIECE.decode(piece)
    except msgspec.DecodeError as error:
        return [], f"it wrote something that is not what it should be: {error}"
    if said.error is not None:
        return [], said.error.message
    return [part for choice in said.choices for part in _parts(choice, said.timings)], ""


def _parts(choice: Choice, timings: Timings) -> list[Part]:
    parts: list[Part] = []
    if choice.delta.reasoning_content:
        parts.append(ThoughtPart(text=choice.delta.reasoning_content))
    if choice.delta.content:
        parts.append(TextPart(text=choice.delta.content))
    if choice.finish_reason:
        seen = timings.cache_n + timings.prompt_n
        parts.append(Finished(reason=choice.finish_reason, prompt_tokens=seen, answer_tokens=timings.predicted_n))
    return parts
