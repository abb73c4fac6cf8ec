"""`daimon recording`: pause or resume recording what Daimon can do without."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, printable
from proto import events, forgetting
from proto.forgetting import Recording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("verb", nargs="?", choices=("pause", "resume"), help="without it, say how it is")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and say how it is now."""
    return on_bus(_recording, arguments)


async def _recording(connection: Connection, arguments: argparse.Namespace) -> int:
    if arguments.verb == "pause":
        recording = await connection.call(forgetting.PAUSE, forgetting.PauseRecording())
    elif arguments.verb == "resume":
        recording = await connection.call(forgetting.RESUME, forgetting.ResumeRecording())
    else:
        recording = await _look(connection)
    print(printable(recording.sentence))
    return 0


async def _look(connection: Connection) -> Recording:
    last = await connection.bus.journal.last(events.of_noun("recording", connection.caller.user))
    paused = last is not None and last.event.kind == forgetting.Paused.kind
    return Recording(paused=paused, sentence="Recording is paused." if paused else "Everything is recorded.")
