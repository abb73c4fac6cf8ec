"""Views of the settings pages about what a person chooses, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.approvals import ActionRule
from proto.backups import Backup
from proto.base import Call
from proto.choices import Job, Pattern, Version, VersionCount
from proto.imports import Imported
from proto.insight import Standing
from proto.llm import Engine, ModelLine
from proto.models import JobModel, Options
from proto.retention import KeptKind
from proto.suggestions import Suggestions
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
    coming: bool = False
    """What the model server has is not known yet."""
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


class MemoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded and how long it is kept, and how far the vectors are."""

    frame: Frame
    standing: Standing | None = None
    """None while memory is away."""
    engine: str = ""
    """The engine of vectors that was typed and not taken."""
    paused: bool = False
    """Whether recording what Daimon can do without is paused."""
    kinds: tuple[KeptKind, ...] = ()
    kind: str = ""
    """The kind for which something was typed and not taken."""
    days: str = ""
    problem: str = ""

    @property
    def share(self) -> int:
        """Percent of what has a vector already."""
        found = self.standing
        if found is None or not found.waiting:
            return 100
        made = found.made if found.coming else found.vectors
        return min(99, 100 * made // max(1, found.vectors if found.coming else found.vectors + found.waiting))


class ExportPage(msgspec.Struct, frozen=True, kw_only=True):
    """Where all that is kept of oneself is had, and what others wrote comes in."""

    frame: Frame
    imported: Imported | None = None
    """What just came in."""


class BackupPage(msgspec.Struct, frozen=True, kw_only=True):
    """What backups there are, and how one is restored."""

    frame: Frame
    here: bool = False
    """Whether they are made on the page; else at the command line alone."""
    backups: tuple[Backup, ...] = ()
    making: bool = False
    problem: str = ""
    """Why the last one was not made."""
    password: bool = False
    """Whether who reads it has one, which fetching takes."""


class SuggestionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """Whether suggestions are made, what became of them, and what was learnt."""

    frame: Frame
    found: Suggestions | None = None
    """None where the ghost is away."""
    coming: bool = False
    """It is still being read from the log."""
    problem: str = ""


APPROVALS = Call("daimon.svc.ui.approvals", ApprovalsPage, Html)
INSTRUCTIONS = Call("daimon.svc.ui.instructions", InstructionsPage, Html)
MODELS = Call("daimon.svc.ui.models", ModelsPage, Html)
FILTER = Call("daimon.svc.ui.filter", FilterPage, Html)
OPTIONS = Call("daimon.svc.ui.options", OptionsPage, Html)
MEMORY = Call("daimon.svc.ui.kept", MemoryPage, Html)
EXPORT = Call("daimon.svc.ui.export", ExportPage, Html)
SUGGESTIONS = Call("daimon.svc.ui.suggestions", SuggestionsPage, Html)
BACKUP = Call("daimon.svc.ui.backup", BackupPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (
    *(APPROVALS, INSTRUCTIONS, MODELS, FILTER, OPTIONS, MEMORY, EXPORT, BACKUP),
    SUGGESTIONS,
)
