"""Memory: search by words and by meaning, SQL over one's own log, and reading events back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Action, Call, Nothing
from proto.chat import excerpt
from proto.events import Event, Happening
from proto.marks import TAG_LIMIT, Marks, Shelf
from proto.moments import AsOf
from proto.phrasings import PHRASINGS

Moment = Annotated[datetime, Meta(tz=True)]
Cell = str | int | float | bool | None
ROW_LIMIT = 200
VIEWS = ("events", "messages", "tasks", "conversations", "commands", "documents", "suggestions")
"""What SQL may ask."""


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Search everything that happened, by words and by meaning."""

    query: Annotated[str, Meta(min_length=1, max_length=2000, description="What to look for")]
    kinds: Annotated[
        tuple[str, ...], Meta(max_length=20, description="Only these kinds, such as task.added, or nouns, such as task")
    ] = ()
    conversation: Annotated[str, Meta(max_length=100, description="Only this conversation")] = ""
    actor: Annotated[str, Meta(max_length=100, description="Only what this one did: user, model, ghost, system")] = ""
    since: Annotated[Moment | None, Meta(description="Only from this time on, with its time zone")] = None
    until: Annotated[Moment | None, Meta(description="Only before this time, with its time zone")] = None
    ways: Annotated[
        Literal["both", "words", "meaning"], Meta(description="By the same words, by the same meaning, or by both")
    ] = "both"
    neighbours: Annotated[
        int, Meta(ge=0, le=5, description="How many events before and after each hit of a conversation to add")
    ] = 0
    more: Annotated[str, Meta(max_length=200, description="What the page before said, for the next page")] = ""
    limit: Annotated[int, Meta(ge=1, le=50)] = 10


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """An event beside a hit, in its conversation."""

    event: str
    """Its id."""
    time: datetime
    actor: str
    sentence: str


PASSAGE = "document.passage"
"""The kind of a hit in a document. People and programs get these among others; the model asks `documents.search`, which
says that somebody else wrote what is found."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One event that matched, or one passage of a document."""

    event: str
    """Its id; of a passage, the event that handed the document in."""
    time: datetime
    kind: str
    """The event's, or `document.passage`."""
    actor: str
    sentence: str
    conversation: str = ""
    score: float
    """The words and the meaning it shares with the query, what stands around it, and a little its age."""
    why: tuple[Literal["words", "meaning", "near", "recent"], ...] = ()
    """The same words, the same meaning, near to what has them in its conversation, of the last day."""
    neighbours: tuple[Neighbour, ...] = ()
    """What stands beside it, in order, when that was asked for."""
    document: str = ""
    """The document's id, of a passage."""
    place: str = ""
    """How to cite a passage: `page 3` or `lines 10-24`."""


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, best first."""

    hits: tuple[Hit, ...]
    sentence: str = ""
    note: str = ""
    """What is missing from this search, such as vectors that are still being made."""
    more: str = ""
    """To be given back for the next page; empty when this was the last."""


class Remember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep a note for later: a fact, a wish, something to know. It is found by search like everything that happened."""

    text: Annotated[
        str, Meta(min_length=1, max_length=10_000, description="What to remember, in a sentence of its own")
    ]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A note was kept."""

    event: str
    """The id under which it stands in the log."""
    sentence: str


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask one's own log in SQL: one PostgreSQL SELECT over these views, at most 200 rows in 2 seconds.

    What each column means is told by memory.views.

    events(id, sequence, time, actor, kind, sentence, conversation, cause, data jsonb);
    messages(event, sequence, time, conversation, turn, role, actor, text, action, outcome);
    tasks(id, position, title, done, actor, added, changed);
    conversations(id, title, time, exchanges, pinned, archived, deleted, tags);
    commands(event, time, conversation, actor, command, exit_code, seconds, excerpt);
    documents(id, name, size, media_type, uploaded, state, problem, passages);
    suggestions(event, time, conversation, actor, state, sentence, data jsonb).
    """

    sql: Annotated[str, Meta(min_length=1, max_length=20_000, description="One SELECT, without a semicolon")]
    as_of: AsOf = ""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """A result table; at most 200 rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Values that JSON has no type for (times, ids, documents) as text."""
    types: tuple[str, ...] = ()
    """Of each column, as Postgres calls it."""
    truncated: bool = False
    sentence: str = ""


class ListViews(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell what each view of memory.sql and each of its columns means."""

    view: Annotated[str, Meta(max_length=63, description="Only this view")] = ""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a view."""

    name: str
    type: str
    """As Postgres calls it."""
    meaning: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One view that SQL may ask."""

    name: str
    meaning: str
    columns: tuple[Column, ...]


class Views(msgspec.Struct, frozen=True, kw_only=True):
    """What SQL may ask."""

    views: tuple[View, ...]
    sentence: str = ""


class Recent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read events back, newest first."""

    before: Annotated[str, Meta(max_length=36)] = ""
    """Only events older than this event id, for paging."""
    kinds: tuple[str, ...] = ()
    """Exact kinds, or a noun for all of its kinds."""
    actor: Annotated[str, Meta(max_length=100)] = ""
    """Only what this one did."""
    words: Annotated[str, Meta(max_length=500)] = ""
    """Only what has all of these words."""
    as_of: AsOf = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """Events, newest first."""

    events: tuple[Event, ...]


class ConversationLine(Marks, frozen=True, kw_only=True):
    """A conversation in a list."""

    id: str
    title: str
    time: datetime
    """Of its last message."""
    exchanges: int


class ListConversations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List conversations, newest first."""

    before: datetime | None = None
    """Only conversations whose last message is older, for paging."""
    before_id: Annotated[str, Meta(max_length=100)] = ""
    """The last conversation of the page before, which tells those of the same time apart."""
    as_of: AsOf = ""
    shelf: Shelf = "all"
    pinned: bool | None = None
    """Only those that are pinned, or only those that are not."""
    tag: Annotated[str, Meta(max_length=TAG_LIMIT)] = ""
    words: Annotated[str, Meta(max_length=200)] = ""
    """Only those with all of these in the title or the tags, in any order, by their beginnings or within."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Conversations(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations, newest first."""

    conversations: tuple[ConversationLine, ...]
    sequence: int = 0
    """The place in the log up to which it is surely true."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far memory has come."""

    sequence: int
    """The last place in the log that SQL has."""
    events: int
    """Rows in the events table."""
    waiting: int
    """Events that have no vector yet; of more than 100,000 no more are counted."""
    relearning: int = 0
    """Places in the log whose words are still indexed in the language that somebody had before."""
    engine: str = ""
    """Whose vectors are searched."""
    coming: str = ""
    """The engine that is being changed to, while `waiting` texts still lack its vectors; empty when none is."""


class Searched(Happening, frozen=True, kw_only=True):
    """Somebody searched."""

    kind: ClassVar[str] = "memory.searched"
    query: str
    hits: int

    def sentence(self) -> str:
        return f'Searched for "{excerpt(self.query)}" and found {self.hits}'


class Noted(Happening, frozen=True, kw_only=True):
    """Somebody asked for something to be remembered."""

    kind: ClassVar[str] = "memory.noted"
    text: str

    def sentence(self) -> str:
        return f'Noted: "{excerpt(self.text)}"'


class Queried(Happening, frozen=True, kw_only=True):
    """Somebody asked in SQL."""

    kind: ClassVar[str] = "memory.queried"
    sql: str
    rows: int

    def sentence(self) -> str:
        return f"Asked in SQL: {excerpt(self.sql)} ({self.rows} rows)"


SEARCH = Action(
    "daimon.do.{user}.{actor}.memory.search",
    Search,
    Hits,
    risk="read",
    phrasings=PHRASINGS["memory.search"],
)
REMEMBER = Action(
    "daimon.do.{user}.{actor}.memory.remember",
    Remember,
    Kept,
    risk="change",
    phrasings=PHRASINGS["memory.remember"],
)
SQL = Action("daimon.do.{user}.{actor}.memory.sql", Query, Rows, risk="read")
EXPLAIN = Action("daimon.do.{user}.{actor}.memory.views", ListViews, Views, risk="read")
REMIND = Call("daimon.do.{user}.{actor}.memory.remind", Search, Hits)
"""A search that nobody asked for in so many words, and so is not recorded as one."""
RECENT = Call("daimon.do.{user}.{actor}.memory.recent", Recent, Events)
CONVERSATIONS = Call("daimon.do.{user}.{actor}.memory.conversations", ListConversations, Conversations)
PROGRESS = Call("daimon.svc.memory.progress", Nothing, Progress)
ACTIONS = (SEARCH, REMEMBER, SQL, EXPLAIN)
CALLS = (REMIND, RECENT, CONVERSATIONS, PROGRESS)
KINDS: tuple[type[Happening], ...] = (Searched, Noted, Queried)
