"""One module a command, and what they share: the `--home` argument and the error that ends a command."""

from __future__ import annotations

import argparse
from pathlib import Path

from services.runtime import settings


class CommandError(Exception):
    """A command cannot go on; the message says why and what to do."""

    exit_code = 1


def add_home(parser: argparse.ArgumentParser) -> None:
    """Add `--home`, the directory everything lives in."""
    default = settings.home_default()
    parser.add_argument("--home", type=Path, default=default, metavar="DIR", help=f"where data lives ({default})")
