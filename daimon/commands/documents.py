"""`daimon documents`: what was handed in and read, searched and cited, read on, deleted."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import (
    add_again,
    add_as_of,
    add_json,
    add_person,
    clock,
    on_bus,
    printable,
    remark,
    show_json,
    table,
)
from proto import documents
from proto.documents import DocumentLine, Found, readable_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    add_as_of(parser)
    parser.set_defaults(work=_list)
    verbs = parser.add_subparsers(metavar="VERB", title="without a verb the documents are listed; the verbs are")
    verb = verbs.add_parser("search", help="find passages, with their page or lines", description="Find passages.")
    verb.add_argument("query", nargs="+", help="what to look for")
    verb.add_argument("--in", dest="document", default="", metavar="NAME", help="only in this document")
    verb.add_argument("--limit", type=int, default=5, metavar="N", help="at most this many (5)")
    verb.set_defaults(work=_search)
    add_again(verb, "--home", "--user", "--json")
    verb = verbs.add_parser("read", help="show a document's text", description="Show a document's text.")
    verb.add_argument("document", help="its name or id")
    verb.add_argument("--page", type=int, default=0, metavar="N", help="only this page")
    verb.add_argument("--line", type=int, default=0, metavar="N", help="from this line on")
    verb.set_defaults(work=_read)
    add_again(verb, "--home", "--user", "--json")
    verb = verbs.add_parser(
        "delete", help="delete a document with all it is found by", description="Delete a document."
    )
    verb.add_argument("document", help="its name or id")
    verb.set_defaults(work=_delete)
    add_again(verb, "--home", "--user", "--json")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    return on_bus(arguments.work, arguments)


async def _list(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(documents.LIST, documents.ListDocuments(limit=200, as_of=arguments.as_of))
    if arguments.json:
        show_json(found)
    elif found.documents:
        rows = [(clock(one.uploaded), one.name, readable_size(one.size), state(one)) for one in found.documents]
        print("\n".join(table(("handed in", "name", "size", "read"), rows)))
    else:
        remark("There are no documents; `daimon upload FILE` hands one in.")
    return 0


async def _search(connection: Connection, arguments: argparse.Namespace) -> int:
    request = documents.SearchDocuments(
        query=" ".join(arguments.query), document=arguments.document, limit=arguments.limit
    )
    found = await connection.call(documents.SEARCH, request)
    if arguments.json:
        show_json(found)
    else:
        print("\n\n".join(map(cited, found.hits)), end="\n" if found.hits else "")
        if not found.hits:
            remark("Nothing was found.")
        if found.note:
            remark(found.note)
    return 0 if found.hits else 1


async def _read(connection: Connection, arguments: argparse.Namespace) -> int:
    request = documents.ReadDocument(document=arguments.document, page=arguments.page, line=arguments.line, limit=100)
    found = await connection.call(documents.READ, request)
    if arguments.json:
        show_json(found)
        return 0
    for text in found.texts:
        print(printable(f"── {text.place}  {text.heading}\n{text.text}\n"))
    if not found.texts:
        remark(found.document.problem or "There is nothing there.")
    return 0


async def _delete(connection: Connection, arguments: argparse.Namespace) -> int:
    gone = await connection.call(documents.DELETE, documents.DeleteDocument(document=arguments.document))
    if arguments.json:
        show_json(gone)
    else:
        remark(gone.sentence)
    return 0


def state(line: DocumentLine) -> str:
    """Say whether a document was read."""
    if line.state in ("waiting", "reading"):
        return "waiting"
    said = f"{line.passages} passage{'' if line.passages == 1 else 's'}" if line.passages else "no"
    return f"{said}: {line.problem}" if line.problem else said


def cited(hit: Found) -> str:
    """Return a passage with where it stands and why it was found."""
    where = ", ".join(part for part in (hit.name, hit.place, hit.heading) if part)
    return printable(f"{where}  ({', '.join(hit.why)})\n{hit.text}")
