"""Backups: asked for on a page, made by whatever started Daimon, because no service may read what a backup holds."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from proto.base import Call, Nothing
from proto.documents import readable_size
from proto.events import Happening

SUFFIX = ".tar"
RECORD = ".json"
"""How the name of the file ends that says of a backup what it is."""


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a backup."""

    name: str
    time: datetime
    size: int
    sequence: int
    """The place of the log up to which SQL surely has everything."""
    seal: str
    sha256: str
    """Of the file, after it was read back whole."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for a backup."""

    user: str
    backup: Backup | None = None
    """None where it failed."""
    problem: str = ""


class BackupAsked(Happening, frozen=True, kw_only=True):
    """An owner asked for a backup."""

    kind: ClassVar[str] = "backup.asked"

    def sentence(self) -> str:
        return "Asked for a backup"


class BackupMade(Happening, frozen=True, kw_only=True):
    """A backup was made, and read back whole."""

    kind: ClassVar[str] = "backup.made"
    name: str
    size: int

    def sentence(self) -> str:
        return f"Made the backup '{self.name}' ({readable_size(self.size)})"


class BackupFailed(Happening, frozen=True, kw_only=True):
    """A backup could not be made."""

    kind: ClassVar[str] = "backup.failed"
    problem: str

    def sentence(self) -> str:
        return f"Could not make a backup: {self.problem}"


class BackupFetched(Happening, frozen=True, kw_only=True):
    """Somebody downloaded a backup, with their password."""

    kind: ClassVar[str] = "backup.fetched"
    name: str

    def sentence(self) -> str:
        return f"Downloaded the backup '{self.name}'"


MADE = Call("daimon.svc.gateway.backed_up", Made, Nothing)
CALLS = (MADE,)
KINDS: tuple[type[Happening], ...] = (BackupAsked, BackupMade, BackupFailed, BackupFetched)
