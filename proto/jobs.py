"""Commands that go on by themselves: following them, typing to them, ending them, and terminals."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Action, Call, Feed, Nothing
from proto.chat import excerpt
from proto.events import Happening
from proto.phrasings import PHRASINGS

State = Literal["running", "done", "stopped", "lost"]
Kind = Literal["command", "terminal"]
Signal = Literal["INT", "TERM", "KILL", "HUP", "QUIT", "USR1", "USR2", "STOP", "CONT"]
OUTPUT_LIMIT = 4_000_000
"""Characters of one job that its feed keeps; everything lies in the box."""
INPUT_LIMIT = 64_000

JobId = Annotated[
    str, Meta(min_length=1, max_length=40, description="The job's id, as sandbox.run or sandbox.jobs said")
]
Rows = Annotated[int, Meta(ge=1, le=1000)]


class ListJobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List the commands that go on or went on in this conversation's box as jobs."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A command that outlasted its time of grace, or was started to go on by itself."""

    id: str
    command: str
    state: State
    kind: Kind = "command"
    started: datetime
    seconds: float
    """How long it has run, or ran."""
    exit_code: int | None = None
    """None while it runs, and where it is not known."""
    rows: int = 0
    columns: int = 0
    """Of a terminal that runs, the size of its screen."""


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, oldest first."""

    jobs: tuple[Job, ...]
    sentence: str = ""


class ReadOutput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read what a job has printed so far, from a place on."""

    job: JobId
    offset: Annotated[int, Meta(ge=0, description="Where to go on: the `next` of the reading before")] = 0
    limit: Annotated[int, Meta(ge=1, le=200_000)] = 20_000


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What a job printed."""

    job: Job
    stdout: str = ""
    stderr: str = ""
    next: int
    """The offset to go on from."""
    more: bool = False
    """There is more already."""
    sentence: str = ""


class StopJob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop a job, or send it a signal; without a signal it is asked to end, and made to after a moment."""

    job: JobId
    signal: Signal | None = None


class GiveInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Type something to a job that was run with `input` or `terminal`; end a line with a line break."""

    job: JobId
    text: Annotated[str, Meta(max_length=INPUT_LIMIT)] = ""
    end: Annotated[bool, Meta(description="Nothing more comes: the end of its input")] = False


class JobReply(msgspec.Struct, frozen=True, kw_only=True):
    """A job after something was done to it."""

    job: Job
    sentence: str = ""


class OpenTerminal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open a shell with a screen in the box of the conversation; what it shows is followed in its feed.

    It ends with its shell, with sandbox.stop, and when nobody has typed or changed its size for long.
    """

    rows: Rows = 24
    columns: Rows = 80


class Resize(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the size of a terminal's screen; also says that somebody still looks at it."""

    job: JobId
    rows: Rows
    columns: Rows


# What a job's feed carries. Offsets count characters of all that was printed.


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """A command runs for longer than a moment."""

    command: str
    kind: Kind = "command"


class Printed(msgspec.Struct, frozen=True, kw_only=True, tag="printed"):
    """It printed something."""

    offset: int
    text: str
    stream: Literal["out", "err"] = "out"


class Resized(msgspec.Struct, frozen=True, kw_only=True, tag="resized"):
    """The screen of a terminal has this size from here on."""

    rows: int
    columns: int


class Over(msgspec.Struct, frozen=True, kw_only=True, tag="over"):
    """It has ended; nothing follows."""

    exit_code: int
    note: str = ""
    """The limit that was hit, or what else is to be said, in a sentence."""
    cut: bool = False
    """It printed more than the feed keeps."""


Item = Began | Printed | Resized | Over


class JobStarted(Happening, frozen=True, kw_only=True):
    """A command goes on by itself."""

    kind: ClassVar[str] = "job.started"
    job: str
    command: str
    terminal: bool = False

    def sentence(self) -> str:
        if self.terminal and not self.command:
            return f"Opened a terminal in the box ({self.job})"
        return f"`{excerpt(self.command)}` goes on in the box as job {self.job}"


class JobEnded(Happening, frozen=True, kw_only=True):
    """A command that went on by itself has ended."""

    kind: ClassVar[str] = "job.ended"
    job: str
    command: str
    state: State = "done"
    exit_code: int | None = None
    seconds: float = 0.0
    excerpt: str = ""
    """The end of what it printed."""
    terminal: bool = False

    def sentence(self) -> str:
        what = f"Job {self.job} (`{excerpt(self.command)}`)" if self.command else f"The terminal {self.job}"
        if self.state == "lost":
            return f"{what} was lost with its box"
        how = "was stopped" if self.state == "stopped" else "ended"
        return f"{what} {how} with exit code {self.exit_code}"


class JobFed(Happening, frozen=True, kw_only=True):
    """Somebody typed something to a job; what it was is not kept, for it may be a password."""

    kind: ClassVar[str] = "job.fed"
    job: str
    characters: int

    def sentence(self) -> str:
        return f"Typed {self.characters} characters to job {self.job}"


class JobSignalled(Happening, frozen=True, kw_only=True):
    """Somebody sent a signal to a job."""

    kind: ClassVar[str] = "job.signalled"
    job: str
    signal: str

    def sentence(self) -> str:
        return f"Sent {self.signal} to job {self.job}"


def job_of(key: str) -> str:
    """The job as which a call with this idempotency key runs, so that who knows of the call finds what it prints."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]


_AT = "daimon.do.{user}.{actor}.sandbox"
JOBS = Action(f"{_AT}.jobs", ListJobs, JobList, risk="read", phrasings=PHRASINGS["sandbox.jobs"])
OUTPUT = Action(f"{_AT}.output", ReadOutput, Output, risk="read", foreign=True, phrasings=PHRASINGS["sandbox.output"])
STOP = Action(f"{_AT}.stop", StopJob, JobReply, contained=True, phrasings=PHRASINGS["sandbox.stop"])
INPUT = Action(f"{_AT}.input", GiveInput, JobReply, contained=True)
OPEN = Call(f"{_AT}.open", OpenTerminal, JobReply)
RESIZE = Call(f"{_AT}.resize", Resize, Nothing)
PRINTS = Feed[Item]("daimon.output.{user}.{conversation}.{job}", "OUTPUT", (Began, Printed, Resized, Over))
ACTIONS = (JOBS, OUTPUT, STOP, INPUT)
CALLS = (OPEN, RESIZE)
KINDS: tuple[type[Happening], ...] = (JobStarted, JobEnded, JobFed, JobSignalled)
