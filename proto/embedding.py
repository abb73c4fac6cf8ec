"""Which engine makes the vectors of this Daimon: one for everybody, chosen by an owner while everything goes on."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Call
from proto.events import Happening, Inverse


class EmbedBy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Make vectors by another engine; everything is embedded anew, and until that is done the old one serves."""

    engine: Annotated[str, Meta(min_length=1, max_length=200)]
    """`minilm`, or `ollama:NAME`."""


class EngineChosen(Happening, frozen=True, kw_only=True):
    """Another engine makes the vectors from now on."""

    kind: ClassVar[str] = "model.embedding"
    engine: str
    before: str

    def inverse(self) -> Inverse:
        return Inverse(call=EMBED_BY, request=EmbedBy(engine=self.before), thing="engine of vectors")

    def sentence(self) -> str:
        return f"Has vectors made by {self.engine} from now on (before: {self.before})"


EMBED_BY = Call("daimon.own.{user}.model.embed", EmbedBy, EmbedBy)
CALLS = (EMBED_BY,)
INVERSES = CALLS
KINDS: tuple[type[Happening], ...] = (EngineChosen,)
