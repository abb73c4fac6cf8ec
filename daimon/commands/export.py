"""`daimon export FILE`: all that is kept of a user, in one archive of JSON lines and files."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, remark
from proto import documents, errors, events, tasks
from proto.documents import DocumentUploaded
from proto.events import Recorded
from proto.kinds import happening

PAGE = 1000
_README = """All that Daimon keeps of {user}.

events.jsonl  everything that happened, a line each, oldest first: its place in the log and the event
tasks.jsonl   the task list as it is now
files/        what was uploaded, by SHA-256 and name
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, help="the archive to write, such as daimon.zip; it must not exist yet")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write it, readable by nobody else."""
    try:
        os.close(os.open(arguments.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise CommandError(f"{arguments.file} cannot be written: {error.strerror}.") from error
    with ExitStack() as unless_whole:
        unless_whole.callback(arguments.file.unlink)
        code = on_bus(_export, arguments)
        unless_whole.pop_all()
    return code


async def _export(connection: Connection, arguments: argparse.Namespace) -> int:
    user = connection.caller.user
    with ZipFile(arguments.file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _README.format(user=user))
        count, files = await _write_events(connection, archive)
        found = await connection.call(tasks.LIST, tasks.ListTasks())
        archive.writestr("tasks.jsonl", "".join(f"{msgspec.json.encode(task).decode()}\n" for task in found.tasks))
        for uploaded in files.values():
            await _write_file(connection, archive, uploaded)
    print(f"Wrote {count} events, {len(found.tasks)} tasks and {len(files)} files of {user} to {arguments.file}.")
    return 0


async def _write_events(connection: Connection, archive: ZipFile) -> tuple[int, dict[str, DocumentUploaded]]:
    count, files = 0, dict[str, DocumentUploaded]()
    with archive.open("events.jsonl", "w") as lines:
        async for recorded in _events(connection):
            count += 1
            lines.write(msgspec.json.encode(recorded) + b"\n")
            what = happening(recorded.event)
            if isinstance(what, DocumentUploaded):
                files[what.sha256] = what
    return count, files


async def _events(connection: Connection) -> AsyncIterator[Recorded]:
    after, own = 0, events.of_user(connection.caller.user)
    while page := await connection.bus.journal.read(own, after=after, limit=PAGE):
        for recorded in page:
            yield recorded
        after = page[-1].sequence


async def _write_file(connection: Connection, archive: ZipFile, uploaded: DocumentUploaded) -> None:
    bucket = connection.bus.objects(documents.FILES)
    name = f"files/{uploaded.sha256[:12]}-{documents.plain_name(uploaded.name)}"
    try:
        with archive.open(name, "w", force_zip64=True) as file:
            async with aclosing(bucket.read(connection.caller.user, uploaded.sha256)) as pieces:
                async for piece in pieces:
                    file.write(piece)
    except errors.Missing:
        remark(f"The bytes of {uploaded.name} are gone; the archive has an empty file in their place.")
