"""The models of the server, as a person gets, removes and chooses them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing
from proto.events import Happening, Inverse

SERVER = Meta(max_length=300, pattern=r"^[\w./:\[\]-]*$")
Conversation = Annotated[str, Meta(min_length=1, max_length=100)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[\w./:-]+$")]
NAME_OR_NONE = Meta(max_length=200, pattern=r"^[\w./:-]*$")
ModelJob = Literal["answer", "command", "title", "summary"]
"""What a model is asked for; vectors are made by an engine of their own."""


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
    """Choose the model that does a job from now on."""

    model: Annotated[str, NAME_OR_NONE] = ""
    """Empty for the one that is configured; where none is for this job, the one that answers."""
    job: ModelJob = "answer"


class JobModel(msgspec.Struct, frozen=True, kw_only=True):
    """Which model does a job."""

    job: ModelJob
    model: str
    """The one that does it; `reflex` where no model is attached."""
    chosen: str = ""
    """The one that the user chose for it; empty where none was."""
    configured: str = ""
    """The one that the settings name for it."""
    missing: bool = False
    """Whether no server has it at the moment."""


class JobModels(msgspec.Struct, frozen=True, kw_only=True):
    """Which model does each job."""

    jobs: tuple[JobModel, ...]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the model answers in one conversation; what is not set is as everywhere."""

    model: Name | None = None
    """Which one answers here."""
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    """How freely it chooses its words: 0 always takes the likeliest."""
    num_ctx: Annotated[int, Meta(ge=512, le=2**20)] | None = None
    """Context size in tokens."""
    think: bool | None = None
    """Whether a model that can think before it answers does so."""
    keep_alive: Annotated[str, Meta(pattern=r"^-?\d{1,6}(s|m|h)$")] | None = None
    """How long a server keeps the model in memory afterwards, such as `10m`; `-1m` for ever."""

    def words(self) -> str:
        """Spell them as they are typed."""
        known = msgspec.to_builtins(self)
        return " ".join(f"{name}={str(value).lower()}" for name, value in known.items())


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask how the model answers in a conversation."""

    conversation: Conversation


class SetOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Choose how the model answers in a conversation from the next message on."""

    conversation: Conversation
    options: Options


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
    """Another model does a job from now on."""

    kind: ClassVar[str] = "choice.model"
    model: str
    job: ModelJob = "answer"
    before: str | None = None
    """The one that was chosen before, empty when none was; None where that was not written down."""

    def inverse(self) -> Inverse | None:
        if self.before is None:
            return None
        return Inverse(call=USE, request=UseModel(model=self.before, job=self.job), thing=f"model for {self.job}")

    def sentence(self) -> str:
        what = f"Chose the model {self.model}" if self.model else "Chose the configured model"
        return what if self.job == "answer" else f"{what} for every {self.job}"


class Tuned(Happening, frozen=True, kw_only=True):
    """The model answers otherwise in a conversation from now on."""

    kind: ClassVar[str] = "chat.tuned"
    options: Options = Options()
    before: Options | None = None
    """None where that was not written down."""

    def inverse(self) -> Inverse | None:
        if self.before is None:
            return None
        request = SetOptions(conversation="", options=self.before)
        return Inverse(call=SET_OPTIONS, request=request, thing="options", inside=True)

    def sentence(self) -> str:
        return f"Set for this conversation: {self.options.words() or 'the options as everywhere'}"


PULL = Call("daimon.own.{user}.model.pull", Pull, Nothing)
CANCEL = Call("daimon.own.{user}.model.cancel", CancelPull, Nothing)
DELETE = Call("daimon.own.{user}.model.delete", Delete, Nothing)
USE = Call("daimon.own.{user}.model.use", UseModel, UseModel)
JOBS = Call("daimon.own.{user}.model.jobs", Nothing, JobModels)
OPTIONS = Call("daimon.own.{user}.model.options", ReadOptions, Options)
SET_OPTIONS = Call("daimon.own.{user}.model.tune", SetOptions, Options)
CALLS = (PULL, CANCEL, DELETE, USE, JOBS, OPTIONS, SET_OPTIONS)
INVERSES = (USE, SET_OPTIONS)
KINDS: tuple[type[Happening], ...] = (
    PullProgressed,
    PullCancelled,
    ModelPulled,
    PullFailed,
    ModelDeleted,
    ModelChosen,
    Tuned,
)
