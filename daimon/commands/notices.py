"""`daimon notices`: what came of commands and jobs, and what waits for a word, a line each as it happens."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, printable, remark
from proto import events
from proto.kinds import happening
from proto.notices import told
from services.runtime.bus import Interrupted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell until Ctrl-C."""
    return on_bus(_tell, arguments)


async def _tell(connection: Connection, _: argparse.Namespace) -> int:
    while True:
        try:
            async with connection.bus.follow(events.of_user(connection.caller.user)) as live:
                remark("Notices come here as they happen; Ctrl-C ends this.")
                async for event in live:
                    if what := told(event, happening(event)):
                        print(printable(what.sentence), flush=True)
        except Interrupted:
            remark("The bus was away; what happened meanwhile stands in `daimon events`.")
