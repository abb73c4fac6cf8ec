"""What memory answers about itself: its standing, examples of questions, what it has counted, and a picture of it."""

from __future__ import annotations

from proto import changes, choices, insight
from proto.base import Caller, Nothing
from proto.insight import Example
from services.memory.pictures import Pictures
from services.memory.queries import examples
from services.memory.store import Store
from services.runtime.bus import Routes


class Insight:
    """The calls about memory itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pictures = Pictures(store)

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

    async def picture(self, request: insight.Draw, caller: Caller) -> insight.Picture:
        """Draw a sample of the caller's memory by its meaning."""
        return await self._pictures.of(caller.user, request.as_of)
