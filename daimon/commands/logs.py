"""`daimon logs`: what the parts have written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from daimon.commands import CommandError, add_home
from daimon.units.look import refuse_units
from daimon.up import logs
from daimon.up.home import Home, find_home

LINES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_home(parser)
    parser.add_argument("name", nargs="?", help="of which part; all of them when left out")
    parser.add_argument("--lines", type=int, default=LINES, metavar="N", help=f"how many of the last ones ({LINES})")
    parser.add_argument("--follow", action="store_true", help="go on with what is added")


def run(arguments: argparse.Namespace) -> int:
    """Print the last lines of one log or all, and with --follow what comes."""
    home = find_home(arguments.home)
    refuse_units(home, f"journalctl -u daimon-{arguments.name or '*'}")
    chosen = _chosen(home, arguments.name)
    for log in chosen:
        for line in logs.last_lines(log, max(0, arguments.lines)):
            _show(log, line, chosen)
    if arguments.follow:
        for log, line in logs.follow(chosen):
            _show(log, line, chosen)
    return 0


def _chosen(home: Home, name: str | None) -> list[Path]:
    known = {log.stem: log for log in sorted(home.logs.glob("*.log"))}
    if not known:
        raise CommandError(f"There are no logs in {home.logs}; `daimon up` has not run there.")
    if name is not None and name not in known:
        raise CommandError(f"There is no log of `{name}`; there are {', '.join(known)}.")
    return [known[name]] if name else list(known.values())


def _show(log: Path, line: str, chosen: list[Path]) -> None:
    prefix = f"{log.stem:<9}" if len(chosen) > 1 else ""
    sys.stdout.write(f"{prefix}{line}\n")
    sys.stdout.flush()
