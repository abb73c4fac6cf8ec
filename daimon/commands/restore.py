"""`daimon restore FILE`: a new home from a backup."""

from __future__ import annotations

import argparse
from pathlib import Path

from daimon import saving
from daimon.commands import CommandError, add_home
from daimon.terminal import finish
from daimon.up import home
from daimon.up.errors import UpError
from daimon.up.home import Home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, help="what `daimon backup` wrote")
    add_home(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the home; it must be empty, and nothing may run in it."""
    if not arguments.file.is_file():
        raise CommandError(f"There is no file {arguments.file}.")
    return finish(_restore(home.open_home(arguments.home), arguments.file))


async def _restore(opened: Home, file: Path) -> int:
    with home.locked(opened) as free:
        if not free:
            raise CommandError(f"Daimon runs in {opened.path}; restore into a new directory with --home DIR.")
        try:
            manifest = await saving.load(opened, file)
        except UpError as error:
            raise CommandError(f"Nothing was restored: {error}") from error
    where = f"--home {opened.path}"
    print(f"Restored into {opened.path}. Start it with `daimon up {where}`; then")
    print(f"`daimon verify {where} --upto {manifest.sequence}` proves it, with the seal {manifest.seal or '-'}.")
    return 0
