"""Reads an HTTP/1.1 answer that is a stream of lines, byte by byte as it comes and without a connection of its own."""

from __future__ import annotations

HEAD_LIMIT = 65_536
LINE_LIMIT = 16 * 1024 * 1024


class Malformed(ValueError):
    """What came is not an HTTP answer."""


class LineDecoder:
    """Feed it what the socket gave; it returns the whole lines of the body (without their newline)."""

    def __init__(self) -> None:
        self.status = 0
        """0 until the head has been read."""
        self.complete = False
        """The body has ended as it said it would."""
        self.keeps_open = False
        """Whether the server takes another request on this connection."""
        self._raw = bytearray()
        self._line = bytearray()
        self._chunked = False
        self._left: int | None = None

    def feed(self, received: bytes) -> list[bytes]:
        """Take the next bytes; raises Malformed."""
        self._raw += received
        if not self.status and not self._read_head():
            return []
        if self._chunked:
            self._unchunk()
        else:
            self._take_plain()
        return self._lines()

    def close(self) -> bytes:
        """The connection has ended: return the last line, which may lack its newline."""
        if self.status and not self._chunked and self._left is None:
            self.complete = True
        rest = bytes(self._line)
        self._line.clear()
        return rest

    def _read_head(self) -> bool:
        head, ended, rest = self._raw.partition(b"\r\n\r\n")
        if not ended:
            if len(self._raw) > HEAD_LIMIT:
                raise Malformed("the head of the answer has no end")
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, status = first.partition(" ")
        if not version.startswith("HTTP/1.") or not status[:3].isdigit():
            raise Malformed(f"the answer begins with {first[:40]!r}")
        self.status = int(status[:3])
        fields = {name.lower(): value.strip().lower() for name, _, value in (line.partition(":") for line in lines)}
        self._chunked = "chunked" in fields.get("transfer-encoding", "")
        length = fields.get("content-length", "")
        self._left = int(length) if length.isdigit() else None
        self.keeps_open = version == "HTTP/1.1" and "close" not in fields.get("connection", "")
        self._raw = rest
        return True

    def _take_plain(self) -> None:
        if self._left is None:
            self._line += self._raw
            self._raw.clear()
            return
        self.keeps_open = self.keeps_open and len(self._raw) <= self._left
        self._line += self._raw[: self._left]
        self._left -= min(self._left, len(self._raw))
        self._raw.clear()
        self.complete = self._left == 0

    def _unchunk(self) -> None:
        raw, at = self._raw, 0
        while not self.complete:
            end = raw.find(b"\r\n", at)
            if end < 0:
                break
            size = _size(raw[at:end])
            if len(raw) < end + size + 4:
                break
            self.complete = size == 0
            self._line += raw[end + 2 : end + 2 + size]
            at = end + size + 4
        del raw[:at]
        # What comes behind an answer that nobody asked for could pass for the next one.
        self.keeps_open = self.keeps_open and not (self.complete and raw)

    def _lines(self) -> list[bytes]:
        if len(self._line) > LINE_LIMIT:
            raise Malformed("a line of the answer has no end")
        *lines, rest = self._line.split(b"\n")
        self._line = rest
        return [bytes(line) for line in lines if line.strip()]


def _size(field: bytes | bytearray) -> int:
    try:
        return int(field.partition(b";")[0], 16)
    except ValueError:
        raise Malformed(f"a chunk begins with {bytes(field[:40])!r}") from None
