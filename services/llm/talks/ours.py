"""Daimon's own exports: one conversation as JSON, or the archive with all events of a user."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from proto.events import Recorded
from proto.exchange import Exchange
from services.llm.conversations.thread import Thread
from services.llm.talks.turns import Talk, Turn, began, shortened

SOURCE = "Daimon"
_FENCES = re.compile(r"`{3,}")


def talk(found: Mapping[str, Any]) -> Talk | None:
    """One conversation, as `daimon export-chat --json` writes it."""
    exchanges = msgspec.convert(found["exchanges"], tuple[Exchange, ...])
    reads = found.get("reads") or ("",)
    return _talk(str(found["id"]), str(found.get("title") or ""), exchanges, str(reads[-1]))


def of_log(lines: bytes) -> list[Talk]:
    """The conversations of an archive, as `daimon export` writes it; lines that are no events are left out."""
    threads: dict[str, Thread] = defaultdict(Thread)
    decoder = msgspec.json.Decoder(Recorded)
    for line in lines.splitlines():
        try:
            recorded = decoder.decode(line)
        except msgspec.MsgspecError:
            continue
        if recorded.event.conversation and recorded.event.kind.startswith("chat."):
            threads[recorded.event.conversation].apply(recorded)
    found = (_talk(name, thread.title, thread.every, thread.end) for name, thread in threads.items())
    return [each for each in found if each.turns]


def _talk(name: str, title: str, exchanges: Sequence[Exchange], reads: str) -> Talk:
    turns = tuple(map(_turn, exchanges))
    return Talk(id=name, title=title, time=began(turns), turns=turns, reads=reads, ours=True)


def _turn(exchange: Exchange) -> Turn:
    return shortened(
        Turn(
            key=exchange.turn,
            parent=exchange.parent,
            asked=exchange.asked,
            answer=_written(exchange),
            model=exchange.model,
            asked_at=exchange.time,
            answered_at=exchange.time,
            way=exchange.way,
        )
    )


def _written(exchange: Exchange) -> str:
    """An answer, with the actions that were called on the way as they came back."""
    parts, start = [], 0
    for tool in exchange.tools:
        parts += [exchange.answer[start : tool.at].strip(), _fenced(f"{tool.action} {tool.arguments}\n{tool.result}")]
        start = max(start, tool.at)
    return "\n\n".join(filter(None, (*parts, exchange.answer[start:].strip())))


def _fenced(text: str) -> str:
    fence = "`" * (1 + max(map(len, _FENCES.findall(text)), default=2))
    return f"{fence}\n{text}\n{fence}"
