"""The frames in which the service and the agent in the box speak: length, kind, id, body."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# From the agent.
HELLO, READY, OUT, ERR, DONE, TYPED = 1, 2, 3, 4, 5, 6
# From the service.
LIMITS, RUN, STOP, DETACH, INPUT, RESIZE, SIGNAL, GRANT = 16, 17, 18, 19, 20, 21, 22, 23

HEADER = 9
LARGEST = 16 * 1024 * 1024


class BadFrameError(Exception):
    """The other side does not speak in frames."""


def frame(kind: int, number: int, body: bytes = b"") -> bytes:
    """One frame; `number` says which command it belongs to (0: the box as a whole)."""
    return len(body).to_bytes(4, "big") + bytes((kind,)) + number.to_bytes(4, "big") + body


def fields(**values: str) -> bytes:
    """Names and texts as one body; no text may hold a NUL (they become spaces)."""
    return "\0".join(f"{name}={text.replace(chr(0), ' ')}" for name, text in values.items()).encode(
        "utf-8", "surrogateescape"
    )


def texts(body: bytes) -> dict[str, str]:
    """The names and texts of a body made by `fields`."""
    parts = (part.partition("=") for part in body.decode("utf-8", "surrogateescape").split("\0"))
    return {name: text for name, _, text in parts}


class Frames:
    """Cuts a stream of bytes into frames."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, received: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield (kind, number, body) for each frame that is whole now; BadFrameError when one is absurdly long."""
        self._pending += received
        start = 0
        while len(self._pending) - start >= HEADER:
            length = int.from_bytes(self._pending[start : start + 4], "big")
            if length > LARGEST:
                raise BadFrameError
            end = start + HEADER + length
            if len(self._pending) < end:
                break
            head = self._pending[start + 4 : start + HEADER]
            yield head[0], int.from_bytes(head[1:], "big"), bytes(self._pending[start + HEADER : end])
            start = end
        del self._pending[:start]
