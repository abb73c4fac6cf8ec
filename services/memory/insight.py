"""What memory answers about itself: its standing, examples of questions, what it has counted, and a picture of it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

import msgspec

from proto import accounts, changes, choices, documents, insight
from proto.base import Caller, Nothing
from proto.insight import Example, Picture, Point
from services.memory import plane
from services.memory.lexicon import Count
from services.memory.plane import Plane
from services.memory.queries import examples
from services.memory.search import HIDDEN
from services.memory.store import Store
from services.runtime.bus import Routes

EVENTS, PASSAGES, OF_A_DOCUMENT = 200, 60, 12
"""Points at most, of each kind."""
FEWEST = 3
"""Points below which there is no plane to lay through them."""
GROWTH = 2
"""When a sample has grown so many times over, its plane is laid anew."""
FRESH = 5.0
"""Seconds for which a picture is shown again."""
KEPT = 200
"""Users whose picture is kept."""
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
    """A picture as it was drawn, and the plane it lies on."""

    picture: Picture
    plane: Plane | None
    at: float


class Insight:
    """The calls about memory itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._drawn: OrderedDict[str, Drawn] = OrderedDict()

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {
            insight.STANDING: self.standing,
            insight.EXAMPLES: self.examples,
            insight.PICTURE: self.picture,
            choices.COUNTS: self.counts,
            changes.PLACES: self.places,
        }

    async def standing(self, _: Nothing, __: Caller) -> insight.Standing:
        """Say how far SQL and the vectors have come."""
        (standing,) = await self._store.fetch(insight.Standing, "standing", counted=insight.COUNTED)
        return standing

    async def examples(self, _: Nothing, __: Caller) -> insight.Examples:
        """Give questions that teach."""
        return insight.Examples(examples=tuple(Example(title=title, sql=sql) for title, sql in examples()))

    async def counts(self, _: Nothing, caller: Caller) -> choices.Counts:
        """Compare the versions of instructions by what came of their answers."""
        return choices.Counts(
            counts=tuple(await self._store.fetch(choices.VersionCount, "version_counts", user=caller.user))
        )

    async def places(self, request: changes.ReadPlaces, caller: Caller) -> changes.Places:
        """Say where the newest changes are."""
        (found,) = await self._store.fetch(changes.Places, "places_of_changes", user=caller.user, limit=request.limit)
        return found

    async def picture(self, _: Nothing, caller: Caller) -> Picture:
        """Draw a sample of the caller's memory by its meaning."""
        known = self._drawn.get(caller.user)
        if known is None or known.at + FRESH < time.monotonic():
            known = await self._draw(caller.user, known.plane if known else None)
            self._drawn[caller.user] = known
            self._drawn.move_to_end(caller.user)
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return known.picture

    async def _draw(self, user: str, before: Plane | None) -> Drawn:
        async with self._store.session() as session:
            found = [
                *await session.fetch(Sampled, "sample_events", user=user, points=EVENTS, hidden=UNSHOWN),
                *await session.fetch(Sampled, "sample_passages", user=user, points=PASSAGES, each=OF_A_DOCUMENT),
            ]
            (count,) = await session.fetch(Count, "about_how_many", user=user)
        texts = _one_each(found)
        laid, points = await asyncio.to_thread(_laid, texts, before)
        kept = laid.kept if laid else 0.0
        return Drawn(picture=Picture(points=points, total=count.count, kept=kept), plane=laid, at=time.monotonic())


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
