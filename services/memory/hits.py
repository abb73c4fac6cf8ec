"""Hits as they are shown: events with what stands beside them, and passages of documents, in one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from proto import chat, documents, memory
from services.memory.ranking import Beside, Ranked
from services.memory.store import Session


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is shown."""

    sequence: int
    event: str
    time: datetime
    kind: str
    actor: str
    sentence: str
    conversation: str


class InDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as it is shown."""

    sequence: int
    event: str
    time: datetime
    document: str
    name: str
    page: int
    line: int
    last: int
    text: str


async def read(
    session: Session, page: Sequence[Ranked], neighbours: int, filters: Mapping[str, object]
) -> tuple[memory.Hit, ...]:
    """Read what is on a page; what was forgotten meanwhile is left out."""
    events = await _events(session, [one for one in page if one.sequence > 0], neighbours, filters)
    passages = await _passages(session, [one for one in page if one.sequence < 0], str(filters["user"]))
    found = events | passages
    return tuple(found[one.sequence] for one in page if one.sequence in found)


async def _events(
    session: Session, page: Sequence[Ranked], neighbours: int, filters: Mapping[str, object]
) -> dict[int, memory.Hit]:
    places = [one.sequence for one in page]
    narrow = {name: filters[name] for name in ("user", "hidden")}
    pairs = await session.fetch(Beside, "around", sequences=places, reach=neighbours, **narrow) if neighbours else []
    wanted = {*places, *(pair.sequence for pair in pairs)}
    rows = {row.sequence: row for row in await session.fetch(Row, "read_found", sequences=list(wanted), **narrow)}
    beside = {place: sorted(pair.sequence for pair in pairs if pair.beside == place) for place in places}
    return {
        one.sequence: _event(rows[one.sequence], one, [rows[place] for place in beside[one.sequence] if place in rows])
        for one in page
        if one.sequence in rows
    }


async def _passages(session: Session, page: Sequence[Ranked], user: str) -> dict[int, memory.Hit]:
    if not page:
        return {}
    ids = [-one.sequence for one in page]
    rows = {row.sequence: row for row in await session.fetch(InDocument, "read_hits", user=user, passages=ids)}
    return {one.sequence: _passage(rows[one.sequence], one) for one in page if one.sequence in rows}


def _event(row: Row, ranked: Ranked, beside: Sequence[Row]) -> memory.Hit:
    return memory.Hit(
        event=row.event,
        time=row.time,
        kind=row.kind,
        actor=row.actor,
        sentence=row.sentence,
        conversation=row.conversation,
        score=ranked.score,
        why=ranked.why,
        neighbours=tuple(
            memory.Neighbour(event=one.event, time=one.time, actor=one.actor, sentence=one.sentence) for one in beside
        ),
    )


def _passage(row: InDocument, ranked: Ranked) -> memory.Hit:
    place = documents.cited(row.page, row.line, row.last)
    return memory.Hit(
        event=row.event,
        time=row.time,
        kind=memory.PASSAGE,
        actor="user",
        sentence=f"'{row.name}', {place}: {chat.excerpt(row.text)}"
        if place
        else f"'{row.name}': {chat.excerpt(row.text)}",
        score=ranked.score,
        why=ranked.why,
        document=row.document,
        place=place,
    )
