"""The oneshot before the bus: a password for every service, and nats.conf with the rights of the contract."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from daimon.units import installed
from daimon.units.installed import Installed
from daimon.units.plan import MONITOR_PORT, NATS_PORT
from daimon.up.credentials import users
from daimon.up.files import write_private
from daimon.up.home import Home
from daimon.up.nats_config import NatsPorts, config


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing; running it again changes no password."""
    parser = argparse.ArgumentParser(prog="daimon.units.prepare", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--store", required=True, help="JetStream's directory")
    parser.add_argument("--listen", required=True, help="where the bus listens")
    parser.add_argument("--url", required=True, help="where clients find the bus")
    parser.add_argument("--gateway", required=True, help="where a browser on this machine finds it")
    parser.add_argument("--database", required=True, help="how root reaches the database, as a conninfo string")
    said = parser.parse_args(argv)
    home = Home(path=said.home)
    for folder in (home.credentials, home.logs):
        folder.mkdir(mode=0o700, exist_ok=True)
    place = Installed(
        nats_url=said.url, database=said.database, gateway=said.gateway, store=said.store, listen=said.listen
    )
    installed.write(home, place)
    write_rights(home, place)


def write_rights(home: Home, place: Installed) -> None:
    """Write who may connect to the bus, as they are known now."""
    ports = NatsPorts(client=NATS_PORT, monitor=MONITOR_PORT)
    write_private(home.credentials / "nats.conf", config(ports, Path(place.store), users(home), place.listen))


if __name__ == "__main__":
    main()
