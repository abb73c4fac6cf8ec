"""What a scripted model was sent, part by part."""

from __future__ import annotations

from typing import Any

from services.llm.turns.turn import CONTEXT


def conversation(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages after the rules, without what Daimon tells before the question."""
    return [each for each in body["messages"] if each["role"] != "system" and not _is_context(each)]


def said(body: dict[str, Any]) -> list[str]:
    """The contents of these."""
    return [str(each["content"]) for each in conversation(body)]


def context(body: dict[str, Any]) -> str:
    """What Daimon told before the question."""
    (told,) = filter(_is_context, body["messages"])
    return str(told["content"])


def _is_context(message: dict[str, Any]) -> bool:
    return bool(message["role"] == "user" and str(message["content"]).startswith(CONTEXT))
