"""The agent is pid 1 of its box: it confines itself, greets the service, and sets to work."""

from __future__ import annotations

import os

from . import kernel
from .frames import HELLO, frame

USER = 1000
PROXY_PORT = 3128


def main(channel: int) -> None:
    """Begin; `channel` is the descriptor of the line to the service."""
    os.closerange(3, channel)
    os.closerange(channel + 1, 4096)
    os.set_inheritable(channel, False)
    kernel.become(USER)
    kernel.shield()
    listener = kernel.listen(PROXY_PORT)
    kernel.hand_over(channel, frame(HELLO, 0), listener.fileno())
    listener.close()
    # While the rest is read in, the service prepares its side.
    from .work import Agent  # noqa: PLC0415

    Agent(channel).serve()
