"""Reads one file from standard input and writes its passages to standard output; memory starts it within limits."""

from __future__ import annotations

import resource
import sys

import msgspec

from services.memory.reading.blocks import Passage, Unreadable, passages
from services.memory.reading.formats import blocks

MEMORY = 1_000_000_000
SECONDS = 60
PASSAGES = 20_000
TEXT = 30_000_000
"""Characters of all passages together."""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome."""

    passages: tuple[Passage, ...] = ()
    problem: str = ""
    """Why there are none, or not all, in a sentence; empty when there is nothing to say."""


def read(raw: bytes, name: str, media_type: str) -> Read:
    """Read a file as far as the limits go."""
    found: list[Passage] = []
    size = 0
    try:
        for passage in passages(blocks(raw, name, media_type)):
            size += len(passage.text)
            if len(found) >= PASSAGES or size > TEXT:
                return Read(passages=tuple(found), problem="Only its beginning was read; it is too long.")
            found.append(passage)
    except Unreadable as error:
        return Read(problem=str(error))
    except (MemoryError, RecursionError):
        return Read(problem="Reading it takes more memory than it may; split it.")
    return Read(passages=tuple(found), problem="" if found else "There is no text in it.")


def main() -> None:
    """Read within limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    name, media_type = sys.argv[1:3]
    outcome = read(sys.stdin.buffer.read(), name, media_type)
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
