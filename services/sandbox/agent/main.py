"""The agent is the first process of its box: it confines itself, greets the service, and sets to work."""

from __future__ import annotations

import os
import time

from . import kernel
from .frames import HELLO, frame

USER = 1000
PROXY_PORT = 3128


def main(channel: int, listening: int = -1) -> None:
    """Begin; `channel` is the line to the service, `listening` the way out, where that is open already."""
    _close_all_but(*sorted({channel, listening} - {-1}))
    os.set_inheritable(channel, False)
    kernel.become(USER)
    kernel.shield()
    listening = kernel.listen(PROXY_PORT) if listening < 0 else listening
    kernel.hand_over(channel, frame(HELLO, 0), listening)
    os.close(listening)
    # While the rest is read in, the service prepares its side.
    from .work import Agent  # noqa: PLC0415

    Agent(channel).serve()


def call(folder: str) -> None:
    """Begin in a container, whose `folder` holds the system call filter and the socket file to call the service on."""
    _close_all_but()
    os.environ.setdefault("SHELL", "/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh")  # noqa: PTH110
    kernel.filter_calls(f"{folder}/filter")
    kernel.shield()
    from .outlast import CALL_EVERY, Line  # noqa: PLC0415

    line = Line(f"{folder}/socket", kernel.listen(PROXY_PORT))
    while (channel := line.call()) < 0:
        time.sleep(CALL_EVERY)
    from .work import Agent  # noqa: PLC0415

    Agent(channel, line).serve()


def _close_all_but(*kept: int) -> None:
    first = 3
    for descriptor in kept:
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, 4096)
