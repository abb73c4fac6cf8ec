"""A line that may be cut: in a container the agent outlives the service, and calls the next one."""

from __future__ import annotations

import os
import time

from . import kernel
from .frames import HELLO, frame

CALL_EVERY = 0.2
# A box that no service has asked for so long, in seconds, ends by itself.
ALONE = 86_400


class Line:
    """Calls the service on a socket file, and hands over the box's way out each time."""

    __slots__ = ("_listener", "_path", "_since")

    def __init__(self, path: str, listener: int) -> None:
        self._path = path
        self._listener = listener
        self._since = 0.0

    def call(self) -> int:
        """The descriptor of a new line to the service; -1 when none answers."""
        try:
            channel = kernel.connect(self._path)
            kernel.hand_over(channel, frame(HELLO, 0), self._listener)
        except OSError:
            return self._nobody()
        self._since = 0.0
        return channel

    def _nobody(self) -> int:
        now = time.monotonic()
        self._since = self._since or now
        # Where the folder of the socket was taken away, no service can come.
        if now - self._since > ALONE or not os.path.exists(f"{os.path.dirname(self._path)}/filter"):  # noqa: PTH110, PTH120
            os._exit(0)
        return -1
