"""The model's side: embeddings, the menu of actions, and which engine answers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing, Risk

EMBED_BATCH = 256


class Embed(msgspec.Struct, frozen=True, kw_only=True):
    """Turn texts into vectors of length 1."""

    texts: Annotated[tuple[str, ...], Meta(min_length=1, max_length=EMBED_BATCH)]
    engine: Annotated[str, Meta(max_length=200)] = ""
    """Which model: `minilm` or `ollama:NAME`; the one that is configured when empty."""
    patient: bool = False
    """Whether answers that are being written go first."""


class Embeddings(msgspec.Struct, frozen=True, kw_only=True):
    """The vectors, in the order of the texts."""

    engine: str
    """Name of the model that made them; vectors of different engines cannot be compared."""
    dimensions: int
    vectors: bytes
    """float32, little-endian, `len(texts) * dimensions` of them."""


class MenuItem(msgspec.Struct, frozen=True, kw_only=True):
    """One action that runs now, as any program on the bus announced it."""

    name: str
    """Such as `tasks.add`."""
    description: str
    schema: msgspec.Raw
    """JSON Schema of its arguments."""
    service: str
    subject: str
    """With `*` where the caller's tokens stand."""
    risk: Risk = "change"
    phrasings: tuple[str, ...] = ()
    inverse: str = ""
    foreign: bool = True
    """Whether its results hold text that others wrote; so do those of every program that is not ours."""
    contained: bool = False
    """Whether it changes nothing outside the conversation's own box."""


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """The actions of everything that runs, by name."""

    actions: tuple[MenuItem, ...]


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """What answers at the moment."""

    model: str
    """A model's name, or `reflex` when there is none."""
    server: str = ""
    """Address of the model server, empty when none is configured."""
    problem: str = ""
    """Why the configured model cannot be used, empty when it can."""


class ModelLine(msgspec.Struct, frozen=True, kw_only=True):
    """A model that the model server has, and that chats."""

    name: str
    size: int = 0
    """Bytes."""
    server: str = ""
    """Address of the server that has it, or the file."""


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """The models that can be asked for by name."""

    models: tuple[ModelLine, ...] = ()
    problem: str = ""
    """Why the list may not be complete, in a sentence."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Run one action as a model would: with checked arguments, and a person asked first where that is the rule."""

    action: str
    arguments: msgspec.Raw
    """JSON."""


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    ok: bool
    result: str
    """JSON, or the sentence of the failure."""


EMBED = Call("daimon.svc.llm.embed", Embed, Embeddings)
MENU = Call("daimon.svc.llm.menu", Nothing, Menu)
KNOWN_MENU = Call("daimon.svc.llm.known_menu", Nothing, Menu)
"""As it was learnt last, a few seconds ago at most: for pages, which nobody waits for while everybody is asked anew."""
ENGINE = Call("daimon.svc.llm.engine", Nothing, Engine)
MODELS = Call("daimon.svc.llm.models", Nothing, Models)
ACT = Call("daimon.do.{user}.{actor}.llm.act", Act, Acted)
CALLS = (EMBED, MENU, KNOWN_MENU, ENGINE, MODELS, ACT)
