"""Which jobs go on, noted beside the boxes: what a service took with it is known to the next one over them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec

from proto.events import Event
from proto.jobs import JobStarted

LOCK = "lock"


class OpenJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job whose end is not recorded yet."""

    user: str
    conversation: str
    began: JobStarted
    event: str
    """The event of its beginning."""


class OpenJobs:
    """A note a job, in a folder of one service that no box sees: of its machine by name, and locked while it lives."""

    def __init__(self, above: Path, machine: str = "") -> None:
        """`above` has the folders of all services over these boxes; `machine` is this one, by any name of its own."""
        self._above = above
        self._machine = machine or here()
        self._folder = above / f"{self._machine}.{secrets.token_hex(8)}"
        self._locks = contextlib.ExitStack()

    def note(self, event: Event, began: JobStarted) -> None:
        """Note that a job goes on."""
        if not self._folder.exists():
            # Under another name until it is locked, so that nobody takes it for one of a service that is gone.
            fresh = self._above / f"new.{self._folder.name}"
            fresh.mkdir(parents=True, mode=0o700)
            self._locks.enter_context(_locked(fresh))
            fresh.rename(self._folder)
        noted = OpenJob(user=event.user, conversation=event.conversation, began=began, event=event.id)
        (self._folder / began.job).write_bytes(msgspec.json.encode(noted))

    def forget(self, job: str) -> None:
        """Its end is recorded, or nothing more of it is to be known."""
        (self._folder / job).unlink(missing_ok=True)

    def left(self) -> Iterator[OpenJob]:
        """The jobs of services on this machine that are gone; each is forgotten once the next is asked for."""
        for folder in self._above.glob(f"{self._machine}.*"):
            with contextlib.suppress(BlockingIOError, FileNotFoundError), _locked(folder):
                for path in folder.iterdir():
                    if (noted := _read(path)) is not None:
                        yield noted
                    path.unlink()
                shutil.rmtree(folder)

    def close(self) -> None:
        """Leave what still goes on to the next service."""
        self._locks.close()
        with contextlib.suppress(OSError):
            (self._folder / LOCK).unlink()
            self._folder.rmdir()


def here() -> str:
    """This machine by a name that tells nothing of it."""
    try:
        known = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        known = ""
    return hashlib.sha256(f"{known} {socket.gethostname()}".encode()).hexdigest()[:16]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a service's folder; BlockingIOError while that service lives."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _read(path: Path) -> OpenJob | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=OpenJob)
    except (OSError, msgspec.MsgspecError):
        # The lock, or one that was being written when the service was killed: the job had not been told of.
        return None
