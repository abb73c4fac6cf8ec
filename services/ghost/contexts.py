"""In what a habit shows: the deeds before, words in them, the page, the time of day; the most particular first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from services.ghost.deeds import Deed, Form

HOURS = 4
"""A part of the day."""

Sort = Literal["both", "deed", "word", "page", "action", "part", "opened"]


class Context(msgspec.Struct, frozen=True):
    """One way to see where somebody is."""

    sort: Sort
    before: tuple[Form, ...] = ()
    word: str = ""
    """A word of what was written, the page, or the part of the day."""


def after(deeds: Sequence[Deed], forms: Sequence[Form], page: str) -> tuple[Context, ...]:
    """Return what may tell the next deed after these, of which the last one counts most."""
    last, form = deeds[-1], forms[-1]
    action = Form(form.action)
    found = [Context("both", tuple(forms[-2:]))] if len(forms) > 1 else []
    if form.arguments:
        found.append(Context("deed", (form,)))
    found += [Context("word", (action,), word) for word in last.words()]
    if page:
        found.append(Context("page", (action,), page))
    return (*found, Context("action", (action,)))


def coming_back(hour: int, page: str) -> tuple[Context, ...]:
    """Return what may tell the first deed after a while."""
    found = [Context("opened", (), page)] if page else []
    return (*found, Context("part", (), str(hour // HOURS)))
