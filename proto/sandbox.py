"""The Linux box of a conversation: running commands in it, and what happened there."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Action, Call
from proto.chat import excerpt
from proto.documents import readable_size
from proto.events import Happening
from proto.phrasings import PHRASINGS


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Run a shell command in this conversation's own Linux box and return what it prints.

    A command that takes longer than some seconds goes on as a job, whose id is returned.
    """

    command: Annotated[str, Meta(min_length=1, max_length=100_000, description="A bash command line or script")]
    timeout: Annotated[float, Meta(gt=0, le=86_400, description="Seconds until it is stopped")] = 3600.0
    background: Annotated[bool, Meta(description="Let it go on as a job at once, without waiting")] = False
    input: Annotated[bool, Meta(description="A job that reads what sandbox.input types to it")] = False
    terminal: Annotated[bool, Meta(description="A job with a screen, for programs that want one")] = False


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did."""

    exit_code: int | None
    """None while it goes on as a job."""
    stdout: str
    stderr: str
    seconds: float
    job: str = ""
    """The job it goes on as, empty when it is over."""
    truncated: bool = False
    """The middle of the output was left out."""
    note: str = ""
    """A limit that was hit, or a shell that had to be started anew, in a sentence."""
    files: tuple[HandedBack, ...] = ()
    """What it handed back through /return."""
    sentence: str = ""


class Receive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put what was uploaded in this conversation into its box."""

    document: Annotated[str, Meta(min_length=1, max_length=100)]
    """The document whose place is asked for."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Where an uploaded file lies."""

    path: str
    """In the box, such as `/data/report.pdf`."""


class HandedBack(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the box handed back through /return."""

    name: str
    """Its path below /return."""
    size: int
    sha256: str
    link: str
    """Where the user can fetch it."""


class FileReturned(Happening, frozen=True, kw_only=True):
    """The box handed a file back."""

    kind: ClassVar[str] = "file.returned"
    name: str
    size: int
    sha256: str

    def sentence(self) -> str:
        return f"Handed back '{self.name}' ({readable_size(self.size)})"


class CommandRan(Happening, frozen=True, kw_only=True):
    """A command ran in the box."""

    kind: ClassVar[str] = "sandbox.ran"
    command: str
    exit_code: int
    seconds: float
    excerpt: str = ""
    """The beginning of what it printed."""
    where: Literal["box", "terminal"] = "box"
    """`terminal` when somebody typed it there."""

    def sentence(self) -> str:
        return f"Ran `{excerpt(self.command)}` in the {self.where}: exit code {self.exit_code}"


RUN = Action(
    "daimon.do.{user}.{actor}.sandbox.run",
    Run,
    CommandResult,
    risk="change",
    foreign=True,
    contained=True,
    phrasings=PHRASINGS["sandbox.run"],
)
RECEIVE = Call("daimon.do.{user}.{actor}.sandbox.receive", Receive, Received)
ACTIONS = (RUN,)
CALLS = (RECEIVE,)
KINDS: tuple[type[Happening], ...] = (CommandRan, FileReturned)
