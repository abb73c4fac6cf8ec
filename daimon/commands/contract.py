"""`daimon contract`: write the documents that are generated from the contract."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from daimon.contract import options
from daimon.contract.asyncapi import document
from daimon.contract.page import page
from daimon.contract.vocabulary import vocabulary
from daimon.up.services import CHECKOUT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--dir", type=Path, default=CHECKOUT / "docs", help="where they go")


def run(arguments: argparse.Namespace) -> int:
    """Write them."""
    for name, text in documents().items():
        path = arguments.dir / name
        path.parent.resolve().mkdir(exist_ok=True)
        path.write_text(text)
        print(path.resolve())
    return 0


def documents() -> dict[str, str]:
    """Return each generated file with its text."""
    described = msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=1).decode()
    options_of = msgspec.json.format(msgspec.json.encode(options.settings()), indent=1).decode()
    return {
        "contract.md": page(),
        "events.md": vocabulary(),
        "asyncapi.json": described + "\n",
        "options.md": options.page(),
        "../nixos/settings.json": options_of + "\n",
    }
