"""A conversation as a file: Markdown to read, JSON with every version of every turn."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from proto.base import Caller
from proto.chat import Conversation, Exchange
from proto.titles import Exported, ExportPiece

KEPT = 3
"""Exports that are handed out at a time without being made anew."""
PIECE = 140_000
"""Characters of one message of the bus, which carries a megabyte: at most six bytes each in JSON."""
_FILE = re.compile(r"[^\w-]+")
_FENCES = re.compile(r"`{3,}")


def markdown(shown: Conversation) -> Exported:
    """The conversation along the versions that are chosen."""
    parts = [f"# {shown.title}", *(part for each in shown.exchanges for part in _exchange(each))]
    return Exported(
        name=f"{_name(shown)}.md", media_type="text/markdown; charset=utf-8", text="\n\n".join(parts) + "\n"
    )


def as_json(shown: Conversation, every: tuple[Exchange, ...]) -> Exported:
    """Everything that was said, with the turns that read now and the order of all."""
    whole = {
        "id": shown.id,
        "title": shown.title,
        "reads": [exchange.turn for exchange in shown.exchanges],
        "exchanges": every,
    }
    text = msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"
    return Exported(name=f"{_name(shown)}.json", media_type="application/json", text=text)


class Pieces:
    """Exports that are being handed out piece by piece, each made once; the last few."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str, int], Exported] = {}

    def piece(self, caller: Caller, request: ExportPiece, shown: Conversation, every: tuple[Exchange, ...]) -> Exported:
        """Return the piece of an export that begins where the request says."""
        key = (caller.user, shown.id, request.form, shown.sequence)
        made = self._made.pop(key, None)
        if made is None:
            made = markdown(shown) if request.form == "markdown" else as_json(shown, every)
        end = request.begin + PIECE
        if end < len(made.text):
            self._made[key] = made
        while len(self._made) > KEPT:
            del self._made[next(iter(self._made))]
        return replace(made, text=made.text[request.begin : end], length=len(made.text), sequence=shown.sequence)


def _exchange(exchange: Exchange) -> Iterable[str]:
    yield f"## {exchange.time:%d %B %Y, %H:%M} UTC"
    yield "\n".join(f"> {line}".rstrip() for line in exchange.asked.splitlines())
    start = 0
    for tool in exchange.tools:
        if said := exchange.answer[start : tool.at].strip():
            yield said
        start = max(start, tool.at)
        yield _fenced(f"{tool.action} {tool.arguments}\n{'' if tool.ok else 'failed: '}{tool.result}")
    if said := exchange.answer[start:].strip():
        yield said
    if exchange.outcome != "done":
        yield f"*{exchange.error or 'Stopped.' if exchange.outcome else 'Still being written.'}*"


def _fenced(text: str) -> str:
    fence = "`" * (1 + max(map(len, _FENCES.findall(text)), default=2))
    return f"{fence}\n{text}\n{fence}"


def _name(shown: Conversation) -> str:
    return _FILE.sub("-", shown.title).strip("-").lower()[:60] or "conversation"
