"""The database's unit: make the data directory where there is none, become Postgres, and see to roles and database."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from daimon.up.errors import UpError
from daimon.up.postgres import OWNER, READER, PostgresServer

GUESTS = {"daimon-memory": (OWNER, READER), "root": (OWNER,)}
"""The account of the memory service, root for `daimon backup`, and the roles they may take."""


def main(argv: Sequence[str] | None = None) -> None:
    """Become Postgres, or wait for it and settle what it has to hold."""
    parser = argparse.ArgumentParser(prog="daimon.units.database", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sockets", type=Path, required=True)
    parser.add_argument("--settle", action="store_true", help="make roles and database in the one that runs")
    said = parser.parse_args(argv)
    server = PostgresServer(said.data, said.sockets, said.data.with_name("setup.log"), guests=GUESTS)
    try:
        asyncio.run(server.until_ready()) if said.settle else become(server)
    except UpError as error:
        sys.exit(str(error))


def become(server: PostgresServer) -> None:
    """Run Postgres in our place, so that systemd's main process is its own."""
    launch = asyncio.run(server.launch())
    os.execve(launch.argv[0], list(launch.argv), {})  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
