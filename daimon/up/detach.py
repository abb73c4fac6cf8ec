"""Running in the background: the caller gets its prompt back once everything is ready, or hears why not."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from daimon.commands import CommandError
from daimon.up import logs

Announce = Callable[[str], None]


def run(log: Path, work: Callable[[Announce], int]) -> int:
    """Run `work` in a process of its own; print what it announces, or why it failed, and return its exit code."""
    logs.rotate(log)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _leave(log)
        os._exit(_work(work, write_end))
    os.close(write_end)
    code, _, words = _hear(read_end, child).partition(" ")
    if code != "0":
        raise CommandError(words or f"It ended before it was ready; see {log}.")
    sys.stdout.write(f"{words}\n")
    return 0


def _hear(pipe: int, child: int) -> str:
    try:
        with os.fdopen(pipe) as opened:
            return opened.read()
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        raise


def _leave(log: Path) -> None:
    """Leave the terminal: a session of our own, and no input or output there."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)


def _work(work: Callable[[Announce], int], pipe: int) -> int:
    caller = os.fdopen(pipe, "w")

    def announce(words: str) -> None:
        caller.write(f"0 {words}")
        caller.close()

    try:
        return work(announce)
    except CommandError as error:
        if caller.closed:
            sys.stderr.write(f"{error}\n")
        else:
            caller.write(f"1 {error}")
            caller.close()
        return 1
