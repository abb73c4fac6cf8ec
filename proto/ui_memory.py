"""Views of the pages of memory, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.base import Call
from proto.memory import Hits
from proto.ui import Frame, Html


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """A search over everything that happened."""

    frame: Frame
    query: str = ""
    noun: str = ""
    """Only events of this noun."""
    hits: Hits | None = None
    problem: str = ""


SEARCH = Call("daimon.svc.ui.search", SearchPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (SEARCH,)
