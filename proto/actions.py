"""Finding an action among many: what is not offered to a model at once can be found by it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from proto.base import Action, Risk


class SearchActions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Find actions that you are not offered: say what is to be done, and call what you find by its name."""

    query: Annotated[str, Meta(min_length=1, max_length=500, description="What is to be done, in a few words")]
    limit: Annotated[int, Meta(ge=1, le=20)] = 8


class FoundAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action that may be meant."""

    name: str
    description: str
    schema: msgspec.Raw
    """JSON Schema of its arguments."""
    risk: Risk


class FoundActions(msgspec.Struct, frozen=True, kw_only=True):
    """The actions that fit best, best first."""

    actions: tuple[FoundAction, ...]
    sentence: str = ""


SEARCH = Action(
    "daimon.do.{user}.{actor}.actions.search",
    SearchActions,
    FoundActions,
    risk="read",
    phrasings=("find an action to {query}", "which action can {query}"),
)
CALLS = (SEARCH,)
