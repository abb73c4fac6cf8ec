"""The models of the server, as a person gets, removes and chooses them."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing
from proto.events import Happening

SERVER = Meta(max_length=300, pattern=r"^[\w./:\[\]-]*$")
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[\w./:-]+$")]


class Pull(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Download a model; the reply comes when it is there."""

    model: Name
    server: Annotated[str, SERVER] = ""
    """Address of the server, where there are several; the first that answers where none is named."""


class CancelPull(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop downloading a model; what has come is kept by the server for the next time."""

    model: Name


class Delete(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove a model from the server."""

    model: Name
    server: Annotated[str, SERVER] = ""
    """Address of the server, where there are several; the first that has it where none is named."""


class UseModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Choose the model that answers from now on."""

    model: Annotated[str, Meta(max_length=200, pattern=r"^[\w./:-]*$")] = ""
    """Empty for the one that is configured."""


class PullProgressed(Happening, frozen=True, kw_only=True):
    """A download has come further."""

    kind: ClassVar[str] = "model.progressed"
    model: str
    percent: int

    def sentence(self) -> str:
        return f"Downloaded {self.percent} % of the model {self.model}"


class PullCancelled(Happening, frozen=True, kw_only=True):
    """Somebody wants a download to stop."""

    kind: ClassVar[str] = "model.cancelled"
    model: str

    def sentence(self) -> str:
        return f"Stopped downloading the model {self.model}"


class ModelPulled(Happening, frozen=True, kw_only=True):
    """A model was downloaded."""

    kind: ClassVar[str] = "model.pulled"
    model: str

    def sentence(self) -> str:
        return f"Downloaded the model {self.model}"


class PullFailed(Happening, frozen=True, kw_only=True):
    """A model could not be downloaded."""

    kind: ClassVar[str] = "model.failed"
    model: str
    error: str

    def sentence(self) -> str:
        return f"Could not download the model {self.model}: {self.error}"


class ModelDeleted(Happening, frozen=True, kw_only=True):
    """A model was removed."""

    kind: ClassVar[str] = "model.deleted"
    model: str

    def sentence(self) -> str:
        return f"Removed the model {self.model}"


class ModelChosen(Happening, frozen=True, kw_only=True):
    """Another model answers from now on."""

    kind: ClassVar[str] = "choice.model"
    model: str

    def sentence(self) -> str:
        return f"Chose the model {self.model}" if self.model else "Chose the configured model"


PULL = Call("daimon.own.{user}.model.pull", Pull, Nothing)
CANCEL = Call("daimon.own.{user}.model.cancel", CancelPull, Nothing)
DELETE = Call("daimon.own.{user}.model.delete", Delete, Nothing)
USE = Call("daimon.own.{user}.model.use", UseModel, UseModel)
CALLS = (PULL, CANCEL, DELETE, USE)
KINDS: tuple[type[Happening], ...] = (
    PullProgressed,
    PullCancelled,
    ModelPulled,
    PullFailed,
    ModelDeleted,
    ModelChosen,
)
