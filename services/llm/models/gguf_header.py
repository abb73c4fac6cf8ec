"""What the header of a GGUF file says of its model, read without loading it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final

KEY: Final = ".context_length"
START: Final = 24
"""Bytes of the magic number, the version and the counts of tensors and of entries."""
LONGEST: Final = 2**16
SIZES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of each plain type, by its number."""
UINT32, STRING, ARRAY = 4, 8, 9


def trained_context(path: Path) -> int:
    """The context that the model was made for, in tokens; 0 when the header does not say it."""
    try:
        with path.open("rb") as file:
            (entries,) = struct.unpack_from("<Q", file.read(START), START - 8)
            return next((size for _ in range(entries) if (size := _context(file))), 0)
    except (OSError, KeyError, OverflowError, struct.error):
        return 0


def _context(file: BinaryIO) -> int:
    """Read one entry; 0 for any but the context's."""
    key, kind = file.read(min(_number(file, "<Q"), LONGEST)), _number(file, "<I")
    if key.endswith(KEY.encode()) and kind == UINT32:
        return _number(file, "<I")
    _skip(file, kind)
    return 0


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == STRING:
        file.seek(_number(file, "<Q"), 1)
    elif kind == ARRAY:
        inner, count = _number(file, "<I"), _number(file, "<Q")
        if inner in SIZES:
            file.seek(SIZES[inner] * count, 1)
        else:
            for _ in range(count):
                _skip(file, inner)
    else:
        file.seek(SIZES[kind], 1)


def _number(file: BinaryIO, form: str) -> int:
    (number,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return int(number)
