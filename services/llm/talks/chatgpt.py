"""ChatGPT's `conversations.json`: a list of conversations, each a mapping of nodes with their messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.llm.talks.turns import Said, Talk, began, moment, turned

SOURCE = "ChatGPT"
_FENCE = "```"


def talk(found: Mapping[str, Any]) -> Talk | None:
    """One conversation; None where nothing of it was kept."""
    mapping = found.get("mapping")
    if not mapping:
        return None
    turns, reads = turned(map(_said, mapping.items()), str(found.get("current_node") or ""))
    name = str(found.get("conversation_id") or found.get("id") or next(iter(mapping)))
    time = began(turns, found.get("create_time"))
    return Talk(id=name, title=str(found.get("title") or ""), time=time, turns=turns, reads=reads)


def _said(node: tuple[str, Any]) -> Said:
    name, whole = node
    message, parent = whole.get("message") or {}, str(whole.get("parent") or "")
    role = (message.get("author") or {}).get("role")
    about = message.get("metadata") or {}
    spoken = role in ("user", "assistant") and not about.get("is_visually_hidden_from_conversation")
    text = "\n".join(_texts(message.get("content") or {})).strip() if spoken else ""
    if not text or message.get("recipient", "all") != "all":
        return Said(id=name, parent=parent, role="other")
    time, model = moment(message.get("create_time")), str(about.get("model_slug") or "")
    return Said(
        id=name, parent=parent, role="user" if role == "user" else "assistant", text=text, time=time, model=model
    )


def _texts(content: Mapping[str, Any]) -> Iterator[str]:
    kind = content.get("content_type")
    if kind == "code":
        yield f"{_FENCE}{content.get('language') or ''}\n{content.get('text') or ''}\n{_FENCE}"
    elif kind in ("text", "multimodal_text"):
        for part in content.get("parts") or ():
            if isinstance(part, str):
                yield part
            elif isinstance(part, Mapping):
                yield str(part.get("text") or f"[{part.get('content_type') or 'a file'}]")
    elif kind not in ("user_editable_context", "model_editable_context", "thoughts", "reasoning_recap"):
        yield str(content.get("text") or content.get("result") or "")
