"""`daimon up`: start everything, and keep it running."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from daimon.commands import add_home
from daimon.units.look import refuse_units
from daimon.up import detach, home, state
from daimon.up.errors import HomeError
from daimon.up.home import Home
from daimon.up.stack import PORT, Plan, Stack
from services.runtime import log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_home(parser)
    parser.add_argument("--port", type=_port, metavar="N", help=f"where the browser finds it (default {PORT}; 0: any)")
    parser.add_argument("--websocket", type=_port, default=0, metavar="N", help="let NATS speak WebSocket on this port")
    parser.add_argument("--detach", action="store_true", help="return when everything is ready, and let it run")


def run(arguments: argparse.Namespace) -> int:
    """Start everything unless it runs already."""
    refuse_units(home.find_home(arguments.home), "systemctl start daimon.target")
    opened = home.open_home(arguments.home)
    plan = Plan(port=arguments.port, websocket=arguments.websocket)
    if arguments.detach:
        return detach.run(opened.logs / "up.log", lambda announce: hold(opened, plan, announce))
    return hold(opened, plan, _say)


def hold(opened: Home, plan: Plan, announce: Callable[[str], None]) -> int:
    """Run the stack in this process until it is told to stop."""
    with home.locked(opened) as free:
        if not free:
            announce(_running_already(opened))
            return 0
        log.configure()
        with suppress(asyncio.CancelledError, KeyboardInterrupt):
            asyncio.run(_until_told(Stack(opened, plan), announce))
    return 0


async def _until_told(stack: Stack, announce: Callable[[str], None]) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - we are a coroutine
    loop = asyncio.get_running_loop()

    def told() -> None:
        # The first time the children may finish what they do, the second time not.
        if task.cancelling():
            stack.kill()
        else:
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, told)
    await stack.run(lambda link: announce(f"ready {link}"))


def _running_already(opened: Home) -> str:
    running = state.read_running(opened)
    if running is None:
        raise HomeError(f"Another `daimon up` is about to start or to end in {opened.path}; try again in a moment.")
    if not running.ready:
        return f"starting already, as process {running.up.pid}; `daimon status` shows how far it is"
    return f"running already at {running.address}/"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535 is")
    return int(text)
