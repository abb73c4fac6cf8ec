"""`daimon test`: run the test suite; bin/daimon has installed what it needs."""

from __future__ import annotations

import argparse
import os
import sys

from daimon.up.services import CHECKOUT

FAST = ("tests/unit", "tests/contract", "tests/architecture", "tests/nixos/test_units.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--fast", action="store_true", help=f"only {', '.join(FAST)}")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="goes to pytest; options after `--`")


def run(arguments: argparse.Namespace) -> int:
    """Become pytest."""
    os.chdir(CHECKOUT)
    chosen = FAST if arguments.fast else ()
    rest = arguments.rest[1:] if arguments.rest[:1] == ["--"] else arguments.rest
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *chosen, *rest])  # noqa: S606 - no shell is wanted
