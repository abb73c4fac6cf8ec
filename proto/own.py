"""What Daimon says of itself: its own documents and source, searched and read."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from proto.base import Action
from proto.documents import FoundPassages, Text
from proto.events import Happening


class SearchSelf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Search the documents and source code of Daimon itself: how it works, why it is so, where that is written."""

    query: Annotated[str, Meta(min_length=1, max_length=2000, description="What to look for")]
    limit: Annotated[int, Meta(ge=1, le=20)] = 5


class ReadSelf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read a file of Daimon's own documents or source code, from a line on."""

    path: Annotated[str, Meta(min_length=1, max_length=300, description="As self.search names it")]
    line: Annotated[int, Meta(ge=0, description="From this line on")] = 0
    limit: Annotated[int, Meta(ge=1, le=50, description="Passages at most")] = 10


class OwnText(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of one of its files, in order."""

    path: str
    texts: tuple[Text, ...]


SEARCH = Action("daimon.do.{user}.{actor}.self.search", SearchSelf, FoundPassages, risk="read")
SOURCE = Action("daimon.do.{user}.{actor}.self.source", ReadSelf, OwnText, risk="read")
ACTIONS = (SEARCH, SOURCE)
KINDS: tuple[type[Happening], ...] = ()
