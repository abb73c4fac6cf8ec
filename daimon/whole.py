"""A conversation as a whole, as it is or was, however long."""

from __future__ import annotations

from daimon.connection import Connection
from proto.chat import READ, Conversation, Read
from services.runtime.pieces import whole_conversation

PIECE = 500
"""Exchanges at a time, and fewer where they are long."""


async def read_whole(connection: Connection, conversation: str, as_of: str = "") -> Conversation:
    """Return all of a conversation along the versions that are read; raises Missing where there is none."""

    async def piece(upto: str) -> Conversation:
        return await connection.call(READ, Read(conversation=conversation, as_of=as_of, last=PIECE, upto=upto))

    return await whole_conversation(piece)
