"""Long things whole: a message of the bus carries a megabyte, so a conversation is read a piece at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from proto import errors
from proto.chat import Conversation
from proto.titles import Exported

TRIES = 5
"""How often it is begun anew when it changes in between."""
_CHANGES = "The conversation changes all the time, so it could not be read as a whole. Try again when it is quiet."


async def whole_conversation(read: Callable[[str], Awaitable[Conversation]]) -> Conversation:
    """Return all of a conversation; `read` returns a piece of it that ends with a turn, or with the last one."""
    for _ in range(TRIES):
        end = await read("")
        exchanges, left = [*reversed(end.exchanges)], end.earlier
        while left:
            upto = exchanges[-1].parent
            piece = await read(upto)
            if not piece.exchanges or piece.exchanges[-1].turn != upto:
                # Another version is read by now.
                break
            exchanges += reversed(piece.exchanges)
            left = piece.earlier
        if not left:
            return replace(end, exchanges=tuple(reversed(exchanges)), earlier=0)
    raise errors.Conflict(_CHANGES)


async def whole_export(read: Callable[[int], Awaitable[Exported]]) -> Exported:
    """Return all of an export; `read` returns the piece of it that begins at a character."""
    for _ in range(TRIES):
        first = piece = await read(0)
        texts, length = [first.text], len(first.text)
        while length < first.length and piece.sequence == first.sequence:
            piece = await read(length)
            texts.append(piece.text)
            length += len(piece.text)
        if piece.sequence == first.sequence:
            return replace(first, text="".join(texts))
    raise errors.Conflict(_CHANGES)
