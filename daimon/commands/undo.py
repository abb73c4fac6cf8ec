"""`daimon undo`: undo the last change, or an earlier one; whether you or the assistant made it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, clock, on_bus, printable, show_json
from proto import undo
from proto.undo import Step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("step", nargs="*", help="an earlier change: its event id, or words of it")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="undo the last N changes")
    parser.add_argument("--together", action="store_true", help="undo the later changes that build on it too")
    parser.add_argument("--preview", action="store_true", help="only show what would be undone")
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Undo, and say what."""
    return on_bus(_preview if arguments.preview else _undo, arguments)


async def _undo(connection: Connection, arguments: argparse.Namespace) -> int:
    step = " ".join(arguments.step)
    if step:
        undone = await connection.call(undo.STEP, undo.UndoStep(step=step, together=arguments.together))
    else:
        undone = await connection.call(undo.LAST, undo.UndoLast(count=arguments.count))
    return show(undone, arguments)


async def _preview(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(undo.PREVIEW, undo.Preview(step=" ".join(arguments.step)))
    show(found, arguments)
    if not arguments.json:
        _show_steps(found.steps)
    return 0


def show(told: undo.Undone | undo.Previewed, arguments: argparse.Namespace) -> int:
    """Print what was done, or would be."""
    if arguments.json:
        show_json(told)
    else:
        print(printable(told.sentence))
    return 0


def _show_steps(steps: Sequence[Step]) -> None:
    for step in steps:
        print(printable(f"{clock(step.time)}  {step.actor:<8}  {step.sentence}"))
