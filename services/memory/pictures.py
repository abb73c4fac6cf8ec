"""Pictures of a user's memory: a sample of texts on a plane, drawn when it is looked at and kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

import msgspec

from proto import accounts, documents
from proto.insight import Picture, Point
from services.memory import plane
from services.memory.lexicon import Count
from services.memory.moments import last_place
from services.memory.plane import Plane
from services.memory.search import HIDDEN
from services.memory.store import Store

EVENTS, PASSAGES, OF_A_DOCUMENT = 200, 60, 12
"""Points at most, of each kind."""
FEWEST = 3
"""Points below which there is no plane to lay through them."""
GROWTH = 2
"""When a sample has grown so many times over, its plane is laid anew."""
FRESH = 5.0
"""Seconds for which a picture is shown again at least."""
WORTH = 20
"""What took long to draw is shown again for so many times as long."""
KEPT = 200
"""Users whose pictures are kept."""
MOMENTS = 20
"""Pictures of one user that are kept."""
UNSHOWN = [*HIDDEN, documents.DocumentRead.kind, *(kind.kind for kind in accounts.KINDS)]
"""Kinds that would fill the picture with what says nothing."""


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """A text with its vector."""

    text: str
    vector: bytes
    kind: str = "passage"
    event: str = ""
    document: str = ""
    page: int = 0
    line: int = 0


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as it was drawn."""

    picture: Picture
    until: float
    """Until when it is shown again."""


class Album:
    """One user's pictures, all on one plane, so that what is looked at again stands where it stood."""

    def __init__(self) -> None:
        self.drawing = asyncio.Lock()
        self.plane: Plane | None = None
        self.pictures: OrderedDict[str, Drawn] = OrderedDict()
        """By the moment that they show; of now under the empty one."""


class Pictures:
    """Draws, once for all who ask meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._albums: OrderedDict[str, Album] = OrderedDict()

    async def of(self, user: str, as_of: str) -> Picture:
        """Return the picture of a user's memory, now or as of a moment."""
        album = self._albums.setdefault(user, Album())
        self._albums.move_to_end(user)
        while len(self._albums) > KEPT:
            self._albums.popitem(last=False)
        async with album.drawing:
            if as_of and album.plane is None:
                await self._seen(album, user, "")
            return await self._seen(album, user, as_of)

    async def _seen(self, album: Album, user: str, as_of: str) -> Picture:
        began = time.monotonic()
        known = album.pictures.get(as_of)
        if known is not None and known.until > began:
            return known.picture
        picture = await self._draw(album, user, as_of)
        now = time.monotonic()
        album.pictures[as_of] = Drawn(picture=picture, until=now + max(FRESH, WORTH * (now - began)))
        album.pictures.move_to_end(as_of)
        while len(album.pictures) > MOMENTS:
            album.pictures.popitem(last=False)
        return picture

    async def _draw(self, album: Album, user: str, as_of: str) -> Picture:
        upto = await last_place(self._store, user, as_of) if as_of else None
        async with self._store.session() as session:
            asked = {"user": user, "upto": upto}
            found = [
                *await session.fetch(Sampled, "sample_events", points=EVENTS, hidden=UNSHOWN, **asked),
                *await session.fetch(Sampled, "sample_passages", points=PASSAGES, each=OF_A_DOCUMENT, **asked),
            ]
            (count,) = await session.fetch(Count, "about_how_many", **asked)
        laid, points = await asyncio.to_thread(_laid, _one_each(found), album.plane)
        album.plane = laid or album.plane
        return Picture(points=points, total=count.count, kept=laid.kept if laid else 0.0)


def _one_each(found: list[Sampled]) -> list[Sampled]:
    """Of texts that say the same the first: they would lie upon each other."""
    return list({sampled.vector: sampled for sampled in reversed(found)}.values())[::-1]


def _laid(texts: list[Sampled], before: Plane | None) -> tuple[Plane | None, tuple[Point, ...]]:
    """Put texts on a plane: the one there was, unless it no longer fits."""
    if len(texts) < FEWEST:
        return None, ()
    vectors = plane.read([text.vector for text in texts])
    fits = before is not None and before.dimensions == vectors.shape[1] and len(texts) < before.size * GROWTH
    laid = before if before is not None and fits else Plane(vectors)
    places = laid.places(vectors)
    return laid, tuple(_point(text, place) for text, place in zip(texts, places, strict=True))


def _point(text: Sampled, place: tuple[float, float]) -> Point:
    return Point(
        x=place[0],
        y=place[1],
        noun=text.kind.partition(".")[0],
        text=" ".join(text.text.split())[:80],
        event=text.event,
        document=text.document,
        page=text.page,
        line=text.line,
    )
