"""All that is kept of a user, in one archive of JSON lines and files: for the command line and for the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from proto import documents, errors, events, tasks
from proto.base import Caller
from proto.documents import DocumentUploaded
from proto.events import Recorded
from proto.kinds import happening
from services.runtime.bus import Bus

PAGE = 1000
_README = """All that Daimon keeps of {user}.

events.jsonl  everything that happened, a line each, oldest first: its place in the log and the event
tasks.jsonl   the task list as it is now
files/        what was uploaded, by SHA-256 and name
"""


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive has."""

    events: int
    tasks: int
    files: int
    gone: tuple[str, ...] = ()
    """Files whose bytes are gone; the archive has an empty one in their place."""


async def archive(bus: Bus, caller: Caller, file: BinaryIO) -> Archived:
    """Write the archive of a caller's own."""
    with ZipFile(file, "w", ZIP_DEFLATED) as made:
        made.writestr("README.txt", _README.format(user=caller.user))
        count, files = await _write_events(bus, caller.user, made)
        found = await bus.call(tasks.LIST, tasks.ListTasks(), caller=caller)
        made.writestr("tasks.jsonl", "".join(f"{msgspec.json.encode(task).decode()}\n" for task in found.tasks))
        gone = [each.name for each in files.values() if not await _write_file(bus, caller.user, made, each)]
    return Archived(events=count, tasks=len(found.tasks), files=len(files), gone=tuple(gone))


async def _write_events(bus: Bus, user: str, made: ZipFile) -> tuple[int, dict[str, DocumentUploaded]]:
    count, files = 0, dict[str, DocumentUploaded]()
    with made.open("events.jsonl", "w", force_zip64=True) as lines:
        async for recorded in _events(bus, user):
            count += 1
            lines.write(msgspec.json.encode(recorded) + b"\n")
            what = happening(recorded.event)
            if isinstance(what, DocumentUploaded):
                files[what.sha256] = what
    return count, files


async def _events(bus: Bus, user: str) -> AsyncIterator[Recorded]:
    after = 0
    while page := await bus.journal.read(events.of_user(user), after=after, limit=PAGE):
        for recorded in page:
            yield recorded
        after = page[-1].sequence


async def _write_file(bus: Bus, user: str, made: ZipFile, uploaded: DocumentUploaded) -> bool:
    name = f"files/{uploaded.sha256[:12]}-{documents.plain_name(uploaded.name)}"
    try:
        with made.open(name, "w", force_zip64=True) as file:
            async with aclosing(bus.objects(documents.FILES).read(user, uploaded.sha256)) as pieces:
                async for piece in pieces:
                    file.write(piece)
    except errors.Missing:
        return False
    return True
