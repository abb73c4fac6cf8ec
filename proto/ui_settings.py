"""Views of the settings pages about what a person chooses, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.approvals import ActionRule
from proto.base import Call
from proto.choices import Job, Pattern, Version, VersionCount
from proto.llm import Engine, ModelLine
from proto.models import JobModel, Options
from proto.ui import Frame, Html


class ApprovalsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the model calls each action."""

    frame: Frame
    rules: tuple[ActionRule, ...] = ()
    wanted: str = ""
    """Only actions whose name has this in it."""
    waiting: int = 0
    """Calls that wait for an answer."""
    problem: str = ""


class InstructionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction: its versions, the differences between two, and what came of each."""

    frame: Frame
    job: Job = "system"
    versions: tuple[Version, ...] = ()
    counts: tuple[VersionCount, ...] = ()
    shown: int = 0
    """The version that is looked at."""
    against: int = 0
    """The version that it is compared with."""
    draft: str | None = None
    """What was typed and not taken."""
    problem: str = ""


class ModelsPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which model does each job, and where the models are."""

    frame: Frame
    jobs: tuple[JobModel, ...] = ()
    models: tuple[ModelLine, ...] = ()
    engine: Engine | None = None
    problem: str = ""


class FilterPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the content filter holds back."""

    frame: Frame
    patterns: tuple[Pattern, ...] = ()
    name: str = ""
    """What was typed and not taken."""
    words: str = ""
    problem: str = ""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """Options as they are typed."""

    model: str = ""
    temperature: str = ""
    num_ctx: str = ""
    keep_alive: str = ""
    think: str = ""
    """`true`, `false`, or empty for what the model does by itself."""


class OptionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """How the model answers in one conversation."""

    frame: Frame
    conversation: str
    title: str = ""
    options: Options = Options()
    typed: Typed | None = None
    """What was typed and not taken."""
    models: tuple[ModelLine, ...] = ()
    problem: str = ""


APPROVALS = Call("daimon.svc.ui.approvals", ApprovalsPage, Html)
INSTRUCTIONS = Call("daimon.svc.ui.instructions", InstructionsPage, Html)
MODELS = Call("daimon.svc.ui.models", ModelsPage, Html)
FILTER = Call("daimon.svc.ui.filter", FilterPage, Html)
OPTIONS = Call("daimon.svc.ui.options", OptionsPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (APPROVALS, INSTRUCTIONS, MODELS, FILTER, OPTIONS)
