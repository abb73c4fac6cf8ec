"""The app's icons, drawn: the ring and its spark of `mark.svg` on paper, as PNG for those who take nothing else."""

from __future__ import annotations

import math
import struct
import zlib

SIZES = (180, 192, 512)
"""For Apple's home screen, and what a manifest must have."""
_PAPER, _INK, _EMBER = b"\xfa\xf7\xf1", b"\x24\x21\x1c", b"\xab\x3f\x16"
_BOX = 44.0
"""Units of the drawing across; the mark fills 32 of them, so that a round mask cuts nothing off."""
_CENTRE = _BOX / 2
_RING = (_CENTRE, _CENTRE, 12.75, 10.25)
"""Its middle, its outer and its inner radius."""
_SPARK = (_CENTRE + 5, _CENTRE - 4, 4.0)


def icon(size: int) -> bytes:
    """A square PNG."""
    rows = b"".join(b"\0" + _row((y + 0.5) * _BOX / size, size) for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def _row(y: float, size: int) -> bytes:
    row = bytearray(_PAPER * size)
    x, middle, outer, inner = _RING
    _paint(row, y, (x, middle, outer), _INK, size)
    _paint(row, y, (x, middle, inner), _PAPER, size)
    _paint(row, y, _SPARK, _EMBER, size)
    return bytes(row)


def _paint(row: bytearray, y: float, disc: tuple[float, float, float], colour: bytes, size: int) -> None:
    """Paint where a disc crosses a row; the pixels at its ends are mixed by how much of them it covers."""
    x, middle, radius = disc
    reach = radius**2 - (y - middle) ** 2
    if reach <= 0:
        return
    left, right = (side * size / _BOX for side in (x - math.sqrt(reach), x + math.sqrt(reach)))
    first, last = math.ceil(left), math.floor(right)
    row[3 * first : 3 * last] = colour * (last - first)
    _mix(row, first - 1, colour, first - left)
    _mix(row, last, colour, right - last)


def _mix(row: bytearray, place: int, colour: bytes, share: float) -> None:
    for channel in range(3):
        at = 3 * place + channel
        row[at] = round(row[at] * (1 - share) + colour[channel] * share)


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
