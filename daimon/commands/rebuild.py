"""`daimon rebuild`: make every projection anew from the log, while everything goes on."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, show_json, table
from proto import keeping

TIMEOUT = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Rebuild, and print the checksum of each table before and after."""
    return on_bus(_rebuild, arguments)


async def _rebuild(connection: Connection, arguments: argparse.Namespace) -> int:
    rebuilt = await connection.bus.call(keeping.REBUILD, keeping.Rebuild(), timeout=TIMEOUT)
    if arguments.json:
        show_json(rebuilt)
        return 0
    rows = [
        (now.name, now.rows, then.checksum, now.checksum, "equal" if then == now else "CHANGED")
        for then, now in zip(rebuilt.before, rebuilt.after, strict=True)
    ]
    print("\n".join(table(("table", "rows", "before", "after", ""), rows)))
    print(f"Made anew from {rebuilt.events} events up to place {rebuilt.sequence}; {rebuilt.mended} rows were mended.")
    return 0
