"""LibreChat's export of a conversation: messages in a row, or in a tree of children."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.llm.talks.turns import Said, Talk, began, moment, turned

SOURCE = "LibreChat"


def talk(found: Mapping[str, Any]) -> Talk | None:
    """One conversation; None where nothing was said in it."""
    said = list(_all(found.get("messagesTree") or found.get("messages") or ()))
    turns, reads = turned(said, said[-1].id if said else "")
    time = began(turns, found.get("createdAt"))
    name, title = str(found["conversationId"]), str(found.get("title") or "")
    return Talk(id=name, title=title, time=time, turns=turns, reads=reads) if turns else None


def _all(messages: Any) -> Iterator[Said]:
    """Every message, each before those that follow it; without branches each follows the one before."""
    waiting = [(message, "") for message in reversed(list(messages))]
    before = ""
    while waiting:
        message, above = waiting.pop()
        parent = str(message.get("parentMessageId") or "") or above or before
        found = _said(message, parent)
        yield found
        before = found.id
        waiting += [(child, found.id) for child in reversed(message.get("children") or ())]


def _said(message: Mapping[str, Any], parent: str) -> Said:
    return Said(
        id=str(message["messageId"]),
        parent=parent,
        role="user" if message.get("isCreatedByUser") else "assistant",
        text=str(message.get("text") or "") or "\n".join(filter(None, map(_text, message.get("content") or ()))),
        time=moment(message.get("createdAt")),
        model=str(message.get("model") or ""),
    )


def _text(part: Any) -> str:
    text = part.get("text") if isinstance(part, Mapping) else part
    return str((text.get("value") if isinstance(text, Mapping) else text) or "")
