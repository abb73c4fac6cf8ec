"""`daimon screenshots`: take the pictures of the documents anew, from a whole Daimon with a little in it."""

from __future__ import annotations

import argparse
import shutil
from importlib.util import find_spec
from pathlib import Path

from daimon.commands import CommandError
from daimon.terminal import finish
from daimon.up.services import CHECKOUT

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--dir", type=Path, default=CHECKOUT / "docs" / "images", metavar="DIR", help="where they go")
    parser.add_argument("--every", action="store_true", help="every page, light, dark and as on a phone")


def run(arguments: argparse.Namespace) -> int:
    """Take them, and print how large each is."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None or find_spec("playwright") is None:
        raise CommandError("Pictures need Chromium and Playwright; `pip install -e .[test]` brings the latter.")
    arguments.dir.mkdir(parents=True, exist_ok=True)
    return finish(_take(program, arguments))


async def _take(program: str, arguments: argparse.Namespace) -> int:
    from daimon.screenshots import take  # noqa: PLC0415 - only a developer has what drives a browser

    for path in await take(program, arguments.dir, every=arguments.every):
        print(f"{path.stat().st_size / 1000:6.1f} kB  {path}")
    return 0
