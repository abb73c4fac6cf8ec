"""Cutting long output in the middle, without ever holding all of it."""

from __future__ import annotations

import codecs


class Clip:
    """The beginning and the end of an output."""

    def __init__(self, most: int) -> None:
        """Keep at most `most` bytes, half from each end."""
        self._head_room = most - most // 2
        self._tail_room = most // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.seen = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the output."""
        self.seen += len(chunk)
        room = self._head_room - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        # Cut seldom: each cut moves the whole tail.
        if len(self._tail) > 2 * self._tail_room + 65536:
            del self._tail[: len(self._tail) - self._tail_room]

    @property
    def truncated(self) -> bool:
        """Whether the middle is missing."""
        return self.seen > self._head_room + self._tail_room

    def text(self, whole: str = "") -> str:
        """What is kept, as text; `whole` names the file that has everything."""
        if not self.truncated:
            return (self._head + self._tail).decode("utf-8", "replace")
        tail = self._tail[len(self._tail) - self._tail_room :]
        missing = self.seen - len(self._head) - len(tail)
        where = f"; the whole is in {whole}" if whole else ""
        note = f"\n… {missing} bytes left out here{where} …\n"
        return _without_last_half(self._head) + note + _without_first_half(tail)


def _without_last_half(cut: bytearray) -> str:
    return codecs.getincrementaldecoder("utf-8")("replace").decode(bytes(cut))


def _without_first_half(cut: bytearray) -> str:
    start = next((at for at, byte in enumerate(cut[:4]) if not 0x80 <= byte < 0xC0), 0)
    return cut[start:].decode("utf-8", "replace")
