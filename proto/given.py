"""A conversation that the client itself keeps: what it gives a turn to be answered, as the OpenAI interface does."""

from __future__ import annotations

from typing import Literal

import msgspec

PREFIX = "api-"
"""How the id of such a conversation begins: it is one turn, has no name, and stands in no list of conversations."""


class GivenCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the model made in an earlier answer."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it."""


class GivenMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the client's conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    calls: tuple[GivenCall, ...] = ()
    """What an assistant message asked for."""
    name: str = ""
    """The tool whose result a tool message is."""
    call: str = ""
    """The id of the call that a tool message answers."""


class GivenTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of the client's own: the model may call it, and the call is handed back for the client to run."""

    name: str
    """Letters, digits, `_` and `-`; no action has such a name, for theirs have a dot."""
    description: str = ""
    schema: msgspec.Raw
    """JSON Schema of its arguments."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What the client gives for one turn, instead of what the log has of the conversation."""

    messages: tuple[GivenMessage, ...] = ()
    """Empty where only the model or its options are chosen, and the log has the conversation."""
    tools: tuple[GivenTool, ...] = ()
    actions: bool = True
    """Whether the model may use Daimon's own actions too."""
    model: str = ""
    """Empty for the one that answers by default."""
    options: dict[str, float | int | str | tuple[str, ...]] = {}
    """Options of the model server, such as `temperature`."""
