"""What was said in conversations, with the actions that were called on the way."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proto import chat
from services.memory.entries import Entry
from services.memory.store import Session, by_column

KINDS = (chat.Asked, chat.Answered, chat.Called, chat.CallEnded)
_COLUMNS = ("event", "user", "conversation", "turn", "role", "text", "action", "outcome")


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message, call or result."""

    event: str
    user: str
    conversation: str
    turn: str
    role: str
    text: str
    action: str = ""
    outcome: str = ""


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Write the messages among these events."""
    rows = [row for row in map(message, entries) if row]
    if rows:
        await session.run("insert_messages", **by_column(rows, *_COLUMNS))


def message(entry: Entry) -> MessageRow | None:
    """Read an event as a message; None when it is none."""
    match entry.happening:
        case chat.Asked(text=text, way="new" | "edit"):
            turn, role, said, action, outcome = entry.id, "user", text, "", ""
        case chat.Answered() as end:
            turn, role, said, action, outcome = end.turn, "assistant", end.text or end.error, "", end.outcome
        case chat.Called() as call:
            turn, role, said, action, outcome = call.turn, "call", call.arguments, call.action, ""
        case chat.CallEnded() as call:
            ended = "done" if call.ok else "failed"
            turn, role, said, action, outcome = call.turn, "result", call.result, call.action, ended
        case _:
            return None
    return MessageRow(
        event=entry.id,
        user=entry.user,
        conversation=entry.conversation,
        turn=turn,
        role=role,
        text=said,
        action=action,
        outcome=outcome,
    )
