"""Open WebUI's export of chats: a list, each with a history of messages that name their parents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from services.llm.talks.turns import Said, Talk, began, moment, turned

SOURCE = "Open WebUI"
_FOLDED = re.compile(r"<details\b[^>]*>.*?</details>\s*", re.DOTALL | re.IGNORECASE)
"""What the model thought and which tools it called, as that program writes it into the answer."""


def talk(found: Mapping[str, Any]) -> Talk | None:
    """One conversation; None where nothing was said in it."""
    chat = found.get("chat") or found
    history = chat.get("history") or {}
    messages = history.get("messages") or {}
    listed = messages.values() if isinstance(messages, Mapping) else messages
    turns, reads = turned(map(_said, listed or _in_a_row(chat)), str(history.get("currentId") or ""))
    name = str(found.get("id") or chat.get("id") or (turns[0].key if turns else ""))
    title = str(found.get("title") or chat.get("title") or "")
    time = began(turns, found.get("created_at"), chat.get("timestamp"))
    return Talk(id=name, title=title, time=time, turns=turns, reads=reads) if turns else None


def _in_a_row(chat: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Messages of an old export, which stand one after another."""
    rows = [dict(each) for each in chat.get("messages") or ()]
    for number, row in enumerate(rows):
        row.setdefault("id", f"{number}")
        row.setdefault("parentId", rows[number - 1]["id"] if number else "")
    return rows


def _said(message: Mapping[str, Any]) -> Said:
    role = message.get("role")
    content = message.get("content") or ""
    text = content if isinstance(content, str) else "\n".join(str(part.get("text") or "") for part in content)
    return Said(
        id=str(message["id"]),
        parent=str(message.get("parentId") or ""),
        role=role if role in ("user", "assistant") else "other",
        text=_FOLDED.sub("", text).strip() if role == "assistant" else text,
        time=moment(message.get("timestamp")),
        model=str(message.get("model") or ""),
    )
