"""The seam between a turn and whatever answers it: what a model is given, what it yields, how it fails.

Failure
└── ModelError
    ├── ModelUnreachable   503
    ├── ModelMissing       404
    ├── ModelFailed        502
    │   └── ModelTooLarge  502
    ├── ModelStalled       504
    └── ModelBroke         502
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import ClassVar, Literal, Protocol

import msgspec

from proto.errors import Failure


class TextPart(msgspec.Struct, frozen=True, kw_only=True):
    """The next piece of the answer."""

    text: str


class ThoughtPart(msgspec.Struct, frozen=True, kw_only=True):
    """The next piece of what the model thinks before it answers."""

    text: str


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """The model asks for an action."""

    id: str
    action: str
    """As the menu spells it, such as `tasks.add`; a name that was not offered stands as the model wrote it."""
    arguments: dict[str, object]


class BadCall(msgspec.Struct, frozen=True, kw_only=True):
    """The model tried to call a tool, but what it wrote is not a call."""

    text: str
    """What it wrote."""
    reason: str
    """What is wrong with it, in a sentence the model can act on."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The answer is complete; always the last part."""

    reason: str
    """The model server's own word, such as `stop` or `length`."""
    prompt_tokens: int
    answer_tokens: int


Part = TextPart | ThoughtPart | ToolCall | BadCall | Finished


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the prompt."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    calls: tuple[ToolCall, ...] = ()
    """What an assistant message asked for."""
    name: str = ""
    """The action whose result a tool message is."""
    call: str = ""
    """The id of the call that a tool message answers."""


class Tool(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """An action as it is offered to a model; itself and no other, so that what is made of it can be kept."""

    name: str
    description: str
    schema: dict[str, object]
    """JSON Schema of its arguments."""
    examples: tuple[str, ...] = ()
    """How people ask for it; `{field}` marks where an argument stands."""


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a model is given for one answer."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    menu: tuple[Tool, ...] = ()
    """Everything that can be done, for one that chooses by itself; empty where that is what `tools` has."""
    num_ctx: int
    """Context size in tokens, always said aloud so that nothing is cut in silence."""
    model: str = ""
    """Empty for the model's own default."""
    options: Mapping[str, float | int | str | tuple[str, ...]] = {}
    begun: str = ""
    """The beginning of the answer, which the model goes on with; only for one that `continues`."""


class Model(Protocol):
    """Something that answers a prompt."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    def reply(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        """Yield the answer as it is made, ending with Finished; closing the generator stops the model. Raises ModelError."""  # noqa: E501
        ...

    async def continues(self, model: str, num_ctx: int) -> bool:
        """Tell whether it goes on with an answer that was begun, instead of beginning anew."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and memory."""
        ...


class ModelError(Failure):
    """The model cannot answer."""

    code: ClassVar[int] = 502

    def __init__(self, message: str = "", **facts: object) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()).format(**facts))


class ModelUnreachable(ModelError):
    """No Ollama server is answering at {url}; start it with `ollama serve`,
    or unset its address to go on without a language model."""  # noqa: D205, D209

    code = 503


class ModelMissing(ModelError):
    """The Ollama server has no model named {model}; get it with `ollama pull {model}`, or choose another one."""

    code = 404


class ModelFailed(ModelError):
    """The Ollama server could not answer with {model}: {text}"""  # noqa: D400


class ModelTooLarge(ModelFailed):
    """The Ollama server has not enough memory for {model} ({text}); choose a smaller model,
    or a smaller context with `daimon models options`."""  # noqa: D205, D209


class ModelStalled(ModelError):
    """Nothing came from the Ollama server for {seconds:g} seconds; look at its log and at `ollama ps`,
    or choose a smaller model."""  # noqa: D205, D209

    code = 504


class ModelBroke(ModelError):
    """The Ollama server broke off in the middle of an answer ({why}); ask again, and if it happens again
    look at its log."""  # noqa: D205, D209
