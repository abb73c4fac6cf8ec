"""Views of the pages of memory, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.base import Call
from proto.documents import DocumentLine, FoundPassages, Text
from proto.insight import Example, Picture, Standing
from proto.memory import Hits, Rows, View
from proto.ui import Frame, Html


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """A search over everything that happened."""

    frame: Frame
    query: str = ""
    noun: str = ""
    """Only events of this noun."""
    hits: Hits | None = None
    standing: Standing | None = None
    """How far memory has come; None while that is not known."""
    problem: str = ""


class SqlPage(msgspec.Struct, frozen=True, kw_only=True):
    """Questions in SQL, beside what can be asked."""

    frame: Frame
    sql: str = ""
    """What stands in the field."""
    rows: Rows | None = None
    """The answer; None before anything was asked."""
    seconds: float = 0.0
    """How long it took."""
    views: tuple[View, ...] = ()
    examples: tuple[Example, ...] = ()
    problem: str = ""
    """Why there is no answer, in a sentence."""


class DocumentsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed in, and a search in it."""

    frame: Frame
    documents: tuple[DocumentLine, ...] = ()
    older: str = ""
    """The address of the next page; empty on the last."""
    awaited: str = ""
    """A document that was just handed in and is not listed yet."""
    query: str = ""
    found: FoundPassages | None = None
    writes: bool = True
    """Whether whoever reads it may hand in and delete."""
    problem: str = ""


class DocumentPage(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a document, as it was read."""

    frame: Frame
    document: DocumentLine
    texts: tuple[Text, ...] = ()
    cited: bool = False
    """Whether the first passage is the one that somebody referred to."""
    before: int | None = None
    """The passage from which the page before begins; None on the first."""
    after: int | None = None
    writes: bool = True


class PicturePage(msgspec.Struct, frozen=True, kw_only=True):
    """One's memory by its meaning, drawn."""

    frame: Frame
    picture: Picture | None = None
    coming: bool = False
    """It is still being drawn."""
    problem: str = ""


SEARCH = Call("daimon.svc.ui.search", SearchPage, Html)
SQL = Call("daimon.svc.ui.sql", SqlPage, Html)
DOCUMENTS = Call("daimon.svc.ui.documents", DocumentsPage, Html)
DOCUMENT = Call("daimon.svc.ui.document", DocumentPage, Html)
PICTURE = Call("daimon.svc.ui.picture", PicturePage, Html)
CALLS: tuple[Call[Any, Html], ...] = (SEARCH, SQL, DOCUMENTS, DOCUMENT, PICTURE)
