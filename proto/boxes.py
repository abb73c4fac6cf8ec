"""The files and the network of a conversation's box, and what is to be known of the box itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Action, Call, Nothing
from proto.documents import readable_size
from proto.events import Happening, Inverse
from proto.jobs import Job
from proto.phrasings import PHRASINGS

NetworkMode = Literal["off", "allow-list", "on"]
TEXT_LIMIT = 400_000
FILES_LIMIT = 1000
PATH_LIMIT = 4000

Path = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=PATH_LIMIT,
        description="Below /home/box (where a relative path begins), /data or /return",
    ),
]
Host = Annotated[
    str,
    Meta(
        pattern=r"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(:[0-9]{1,5})?$",
        description="example.org, *.example.org or example.org:8443; without a port 80 and 443 are meant",
    ),
]


class ListFiles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List the files in this conversation's box, below a folder."""

    folder: Path = "."


class BoxFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a box."""

    path: str
    size: int
    modified: datetime


class FileList(msgspec.Struct, frozen=True, kw_only=True):
    """Files by path; those in folders whose names begin with a dot are left out."""

    files: tuple[BoxFile, ...]
    sentence: str = ""


class ReadFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read a text file of this conversation's box, or some lines of it; any other file is handed back as a link."""

    path: Path
    first: Annotated[int, Meta(ge=1, description="The first line, counted from 1")] = 1
    lines: Annotated[int, Meta(ge=1, le=10_000)] = 500
    fetch: Annotated[bool, Meta(description="Hand the whole file back as a link, whatever it holds")] = False


class FileText(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a file."""

    path: str
    size: int
    text: str = ""
    first: int = 1
    total: int = 0
    """Lines of the whole file."""
    link: str = ""
    """Where a file that is no text can be fetched."""
    sentence: str = ""


class WriteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Write a text file in this conversation's box; what it held before is replaced."""

    path: Path
    text: Annotated[str, Meta(max_length=TEXT_LIMIT)]


class EditFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replace a passage of a text file in this conversation's box; the passage must stand there exactly once."""

    path: Path
    old: Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT, description="The passage, with enough around it")]
    new: Annotated[str, Meta(max_length=TEXT_LIMIT)]


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to a file."""

    path: str
    size: int
    sentence: str
    event: str = ""


class SetNetwork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say what this conversation's box may reach: nothing, some hosts, or every public address."""

    mode: NetworkMode
    hosts: Annotated[tuple[Host, ...], Meta(max_length=200)] = ()
    """For allow-list: which."""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What a box may reach; addresses of this machine and of its local networks never."""

    mode: NetworkMode
    hosts: tuple[str, ...] = ()
    sentence: str = ""


class BoxLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of a box, and what holds it on this machine."""

    limit: str
    most: str = ""
    """How much it is, in words."""
    by: str


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of a conversation's box."""

    backend: str
    """What holds it: bwrap, docker, landlock, or none."""
    alive: bool
    """Its processes run; the files are there in any case."""
    network: Network
    limits: tuple[BoxLimit, ...] = ()
    not_hidden: tuple[str, ...] = ()
    """What of the machine can be seen from inside."""
    jobs: tuple[Job, ...] = ()
    """Those that run."""
    ready: int = 0
    """Boxes that are kept ready for new conversations on the machine."""


class RestoreFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give a file of the box back what it held before a change, unless somebody changed it since."""

    path: Path
    sha256: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")]
    """Of what it held, as the files' bucket has it; empty where there was no file."""
    instead_of: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")]
    """Of what it must hold now; empty where there must be no file."""


class FileWritten(Happening, frozen=True, kw_only=True):
    """A file of the box was written."""

    kind: ClassVar[str] = "file.written"
    path: str
    size: int
    kept: str | None = None
    """The SHA-256 under which what it held before is kept; empty where there was no file, None where it is not kept."""
    made: str = ""
    """The SHA-256 of what it holds now."""

    def inverse(self) -> Inverse | None:
        return _put_back(self.path, self.kept, self.made)

    def sentence(self) -> str:
        return f"Wrote '{self.path}' in the box ({readable_size(self.size)})"


class FileEdited(Happening, frozen=True, kw_only=True):
    """A passage of a file of the box was replaced."""

    kind: ClassVar[str] = "file.edited"
    path: str
    old: str
    new: str
    kept: str | None = None
    made: str = ""

    def inverse(self) -> Inverse | None:
        return _put_back(self.path, self.kept, self.made)

    def sentence(self) -> str:
        return f"Edited '{self.path}' in the box"


class FileRestored(Happening, frozen=True, kw_only=True):
    """A file of the box is again what it was before a change, or gone where there was none."""

    kind: ClassVar[str] = "file.restored"
    path: str
    kept: str | None = None
    made: str = ""
    """Empty where it is gone."""

    def inverse(self) -> Inverse | None:
        return _put_back(self.path, self.kept, self.made)

    def sentence(self) -> str:
        return f"Put '{self.path}' in the box back" if self.made else f"Removed '{self.path}' from the box"


class NetworkSet(Happening, frozen=True, kw_only=True):
    """What the box may reach was changed."""

    kind: ClassVar[str] = "sandbox.networked"
    mode: NetworkMode
    hosts: tuple[str, ...] = ()
    before: NetworkMode = "on"
    hosts_before: tuple[str, ...] | None = None
    """None where that was not written down."""

    def inverse(self) -> Inverse | None:
        if self.hosts_before is None:
            return None
        request = SetNetwork(mode=self.before, hosts=self.hosts_before)
        return Inverse(call=NETWORK, request=request, thing="network", inside=True)

    def sentence(self) -> str:
        if self.mode == "allow-list":
            return f"The box may reach {', '.join(self.hosts) or 'no host'} (before: {self.before})"
        return f"The network of the box is {self.mode} (before: {self.before})"


def _put_back(path: str, kept: str | None, made: str) -> Inverse | None:
    if kept is None:
        return None
    request = RestoreFile(path=path, sha256=kept, instead_of=made)
    return Inverse(call=RESTORE, request=request, thing=f"file {path}", inside=True)


_AT = "daimon.do.{user}.{actor}.sandbox"
FILES = Action(f"{_AT}.files", ListFiles, FileList, risk="read", foreign=True, phrasings=PHRASINGS["sandbox.files"])
READ = Action(f"{_AT}.read", ReadFile, FileText, risk="read", foreign=True, phrasings=PHRASINGS["sandbox.read"])
WRITE = Action(f"{_AT}.write", WriteFile, FileChange, contained=True)
EDIT = Action(f"{_AT}.edit", EditFile, FileChange, contained=True)
NETWORK = Action(f"{_AT}.network", SetNetwork, Network, risk="outside", phrasings=PHRASINGS["sandbox.network"])
DESCRIBE = Call(f"{_AT}.describe", Nothing, Description)
PREPARE = Call(f"{_AT}.prepare", Nothing, Nothing)
"""Opens the box, so that the first command need not wait for it."""
ACTIONS = (FILES, READ, WRITE, EDIT, NETWORK)
RESTORE = Call(f"{_AT}.restore", RestoreFile, FileChange)
CALLS = (DESCRIBE, PREPARE, RESTORE)
INVERSES = (RESTORE, NETWORK)
KINDS: tuple[type[Happening], ...] = (FileWritten, FileEdited, FileRestored, NetworkSet)
