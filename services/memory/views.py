"""What SQL may ask, in the words that the database itself has of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from operator import attrgetter

import msgspec

from proto import errors, memory
from proto.base import Caller
from proto.memory import Column, View
from services.memory.store import Store


class ColumnRow(msgspec.Struct, frozen=True, kw_only=True):
    """A column with the view it is of."""

    view: str
    view_meaning: str
    name: str
    type: str
    meaning: str


class Explainer:
    """Tells what views there are; their comments are written where the views are."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def explain(self, request: memory.ListViews, _: Caller) -> memory.Views:
        """Tell of every view, or of one."""
        views = tuple(grouped(await self._store.fetch(ColumnRow, "columns", views=list(memory.VIEWS))))
        wanted = tuple(view for view in views if request.view in ("", view.name))
        if not wanted:
            raise errors.Missing(f"There is no view '{request.view}'. The views are {', '.join(memory.VIEWS)}.")
        return memory.Views(views=wanted, sentence=f"{len(wanted)} view{'' if len(wanted) == 1 else 's'}")


def grouped(rows: Iterable[ColumnRow]) -> Iterable[View]:
    """Put the columns of each view together; those of one view stand side by side."""
    for name, own in itertools.groupby(rows, key=attrgetter("view")):
        columns = tuple(own)
        yield View(
            name=name,
            meaning=columns[0].view_meaning,
            columns=tuple(Column(name=each.name, type=each.type, meaning=each.meaning) for each in columns),
        )
