"""Which jobs go on, noted beside the boxes: what a service took with it is known to the next one over them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from proto.events import Event
from proto.jobs import JobStarted


class OpenJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job whose end is not recorded yet."""

    user: str
    conversation: str
    began: JobStarted
    event: str
    """The event of its beginning."""


class OpenJobs:
    """A note a job, in a folder that no box sees."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, event: Event, began: JobStarted) -> None:
        """Note that a job goes on."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        noted = OpenJob(user=event.user, conversation=event.conversation, began=began, event=event.id)
        (self._folder / began.job).write_bytes(msgspec.json.encode(noted))

    def forget(self, job: str) -> None:
        """Its end is recorded, or nothing more of it is to be known."""
        (self._folder / job).unlink(missing_ok=True)

    def left(self) -> list[OpenJob]:
        """The jobs of a service before this one."""
        found = []
        for path in self._folder.glob("*"):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=OpenJob))
            except (OSError, msgspec.MsgspecError):
                # It was being written when the service was killed: the job had not been told of.
                path.unlink(missing_ok=True)
        return found
