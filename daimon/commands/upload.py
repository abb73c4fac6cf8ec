"""`daimon upload`: hand files in, to be found again and to be used in a conversation's box."""

from __future__ import annotations

import argparse
from pathlib import Path

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, printable, remark, show_line
from daimon.uploading import Uploaded, upload
from proto.documents import readable_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what to hand in")
    parser.add_argument("--conversation", default="", metavar="ID", help="put it into the box of this conversation too")
    add_json(parser, "print a line of JSON for each file")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Hand the files in, one after the other."""
    return on_bus(_upload, arguments, arguments.conversation)


async def _upload(connection: Connection, arguments: argparse.Namespace) -> int:
    for path in arguments.files:
        uploaded = await upload(connection, path)
        if arguments.json:
            show_line(uploaded)
        else:
            _show(uploaded)
    return 0


def _show(uploaded: Uploaded) -> None:
    document = uploaded.document
    known = ", which was known already" if document.again else ""
    print(printable(f"Uploaded {document.name} ({readable_size(document.size)}){known}"))
    if uploaded.path:
        print(printable(f"In the box: {uploaded.path}"))
    if uploaded.note:
        remark(uploaded.note)
