"""`daimon files`: what was handed in and what boxes handed back, and fetching it."""

from __future__ import annotations

import argparse
from pathlib import Path, PurePosixPath

import msgspec

from daimon.connection import Connection
from daimon.terminal import add_again, add_json, add_person, clock, on_bus, printable, remark, show_json, table
from daimon.uploading import download
from proto import errors, events
from proto.documents import DocumentUploaded, plain_name, readable_size
from proto.events import Event
from proto.kinds import happening
from proto.sandbox import FileReturned


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the list."""

    time: str
    name: str
    size: int
    sha256: str
    way: str
    """`in` for what was handed in, `back` for what a box handed back."""
    conversation: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--conversation", default="", metavar="ID", help="only files of this conversation")
    add_json(parser)
    add_person(parser)
    parser.set_defaults(work=_show)
    verbs = parser.add_subparsers(metavar="VERB", title="without a verb the files are listed; the verbs are")
    verb = verbs.add_parser("get", help="fetch a file", description="Fetch a file.")
    verb.add_argument("name", help="its name, or the beginning of its SHA-256; of several the newest")
    verb.add_argument("--to", type=Path, metavar="PATH", help="where to put it (its own name, here)")
    verb.set_defaults(work=_get)
    add_again(verb, "--home", "--user", "--conversation")


def run(arguments: argparse.Namespace) -> int:
    """List the files, or fetch one."""
    return on_bus(arguments.work, arguments)


async def _show(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await _files(connection, arguments.conversation)
    if arguments.json:
        show_json(found)
        return 0
    if not found:
        remark("No file was handed in or back; `daimon upload FILE` hands one in.")
        return 0
    rows = [(each.time, each.way, readable_size(each.size), each.sha256[:8], each.name) for each in found]
    print("\n".join(table(("time", "way", "size", "sha256", "name"), rows)))
    return 0


async def _get(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await _files(connection, arguments.conversation)
    named = _named(found, arguments.name)
    if not named:
        raise errors.Missing(f"There is no file '{arguments.name}'; `daimon files` lists them.")
    to = arguments.to or Path(plain_name(named[-1].name))
    size = await download(connection, named[-1].sha256, to)
    print(printable(f"Wrote {to} ({readable_size(size)})"))
    return 0


def _named(found: list[Line], wanted: str) -> list[Line]:
    same = [each for each in found if each.name == wanted]
    return same or [each for each in found if each.sha256.startswith(wanted)]


async def _files(connection: Connection, conversation: str) -> list[Line]:
    """All files of the user, oldest first."""
    found = []
    for noun in ("document", "file"):
        found += await connection.bus.journal.read(events.of_noun(noun, connection.caller.user))
    found.sort(key=lambda recorded: recorded.sequence)
    lines = [_line(recorded.event) for recorded in found]
    return [line for line in lines if line is not None and conversation in ("", line.conversation)]


def _line(event: Event) -> Line | None:
    what = happening(event)
    if not isinstance(what, DocumentUploaded | FileReturned):
        return None
    return Line(
        time=clock(event.time),
        name=str(PurePosixPath(what.name)),
        size=what.size,
        sha256=what.sha256,
        way="in" if isinstance(what, DocumentUploaded) else "back",
        conversation=event.conversation,
    )
