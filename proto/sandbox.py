"""The Linux box of a conversation: running commands in it, and what happened there."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Action
from proto.chat import excerpt
from proto.events import Happening
from proto.phrasings import PHRASINGS


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Run a shell command in this conversation's own Linux box and return what it prints."""

    command: Annotated[str, Meta(min_length=1, max_length=100_000, description="A bash command line or script")]
    timeout: Annotated[float, Meta(gt=0, le=600, description="Seconds until it is stopped")] = 60.0


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    truncated: bool = False
    """The middle of the output was left out."""
    note: str = ""
    """A limit that was hit, or a shell that had to be started anew, in a sentence."""
    sentence: str = ""


class CommandRan(Happening, frozen=True, kw_only=True):
    """A command ran in the box."""

    kind: ClassVar[str] = "sandbox.ran"
    command: str
    exit_code: int
    seconds: float
    excerpt: str = ""
    """The beginning of what it printed."""

    def sentence(self) -> str:
        return f"Ran `{excerpt(self.command)}` in the box: exit code {self.exit_code}"


RUN = Action(
    "daimon.do.{user}.{actor}.sandbox.run",
    Run,
    CommandResult,
    risk="change",
    phrasings=PHRASINGS["sandbox.run"],
)
ACTIONS = (RUN,)
KINDS: tuple[type[Happening], ...] = (CommandRan,)
