"""Views of the pages of what runs and what it can do, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from proto.approvals import ActionRule, Question
from proto.base import Call
from proto.chat import ToolUse
from proto.llm import Engine, MenuItem, ModelLine
from proto.memory import ConversationLine
from proto.ui import Frame, Html


class ActionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The live menu of actions."""

    frame: Frame
    actions: tuple[MenuItem, ...] = ()
    rules: tuple[ActionRule, ...] = ()
    """What happens when the model calls each."""
    waiting: tuple[Question, ...] = ()
    """What needs the user's word."""
    problem: str = ""


FieldKind = Literal["text", "long text", "integer", "number", "yes or no", "choice", "lines", "json"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an action, as a form asks for it."""

    name: str
    kind: FieldKind
    required: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    longest: int | None = None
    default: str = ""
    """What holds where nothing is typed."""


class TryPage(msgspec.Struct, frozen=True, kw_only=True):
    """One action with a form to try it, and what came of it."""

    frame: Frame
    item: MenuItem
    fields: tuple[Field, ...] = ()
    typed: dict[str, str] = {}
    """What stands in the fields, by name."""
    conversation: str = ""
    conversations: tuple[ConversationLine, ...] = ()
    """Where it may be run; the newest."""
    asks: str = ""
    """What the person must be sure of before it runs."""
    tool: ToolUse | None = None
    """What was done; None before."""
    problem: str = ""
    writes: bool = True


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that a service answers, over all its processes."""

    subject: str
    requests: int
    errors: int
    wait: float
    """Seconds, on average."""
    rate: float
    """Requests a second, lately."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service, as it answers on the bus."""

    name: str
    instances: int
    versions: tuple[str, ...] = ()
    rates: tuple[float, ...] = ()
    """Requests a second, oldest first."""
    waits: tuple[float, ...] = ()
    """Seconds a request took, where there were any."""
    requests: int = 0
    errors: int = 0
    endpoints: tuple[Endpoint, ...] = ()
    """The busiest."""
    others: int = 0
    ours: bool = True
    """Whether it is part of Daimon, so that it is missed when it does not answer."""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for somebody."""

    name: str
    depths: tuple[int, ...]
    """Oldest first."""


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """How everything that runs fares."""

    services: tuple[Service, ...] = ()
    queues: tuple[Queue, ...] = ()
    events: tuple[float, ...] = ()
    """A second, oldest first."""
    seconds: int = 0
    """How far back it reaches."""


class MindPage(msgspec.Struct, frozen=True, kw_only=True):
    """What runs, drawn."""

    frame: Frame
    vitals: Vitals
    engine: Engine | None = None


class RightsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What each service may do on the bus."""

    frame: Frame
    of: str = ""
    """The service whose subjects are all listed."""


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is coming."""

    model: str
    percent: int


class ModelsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The models there are, and those that are coming."""

    frame: Frame
    models: tuple[ModelLine, ...] = ()
    engine: Engine | None = None
    chosen: str = ""
    """The one that this user chose; empty for the configured one."""
    downloads: tuple[Download, ...] = ()
    ended: tuple[str, ...] = ()
    """What became of the last ones, in sentences."""
    writes: bool = True
    owns: bool = False
    """Whether whoever reads it may get and remove models."""
    coming: bool = False
    """What the model server has is not known yet."""
    problem: str = ""


ACTIONS = Call("daimon.svc.ui.actions", ActionsPage, Html)
TRY = Call("daimon.svc.ui.try", TryPage, Html)
MIND = Call("daimon.svc.ui.mind", MindPage, Html)
RIGHTS = Call("daimon.svc.ui.rights", RightsPage, Html)
MODELS = Call("daimon.svc.ui.mind_models", ModelsPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (ACTIONS, TRY, MIND, RIGHTS, MODELS)
