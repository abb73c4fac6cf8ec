"""Views: what a page or a live change shows, and the calls that turn it into HTML."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from proto.assets import Assets
from proto.base import Call, Nothing
from proto.board import Touch
from proto.boxes import Network
from proto.chat import Conversation, Exchange, Mode, Spent, ToolUse
from proto.events import Event
from proto.frame import Frame, Html, Past, Theme
from proto.llm import Engine
from proto.marks import Marks
from proto.memory import Hits
from proto.printing import Boxed, Painted, Printing
from proto.suggestions import Suggestion
from proto.tasks import Task
from proto.timeline import Sift
from proto.ui_list import Lines, ListChange

__all__ = ["Frame", "Html", "Past", "Theme"]


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The task list."""

    tasks: tuple[Task, ...] = ()
    touches: tuple[Touch, ...] = ()
    """The last change of each task, in the same order."""
    show: Literal["all", "open", "done"] = "all"
    words: str = ""
    """Only tasks whose title has these."""
    problem: str = ""
    """Why it cannot be shown, in a sentence."""


class ChatPage(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, with the list of all and the tasks beside it."""

    frame: Frame
    conversation: Conversation
    lines: Lines = Lines()
    board: Board = Board()
    engine: Engine | None = None
    """None while it is not known what answers."""
    network: Network | None = None
    """What the conversation's box may reach; None while that is not known."""
    problem: str = ""
    """Why the conversation cannot be read, in a sentence."""
    mode: Mode = "chat"
    draft: str = ""
    """What stands in the composer already."""
    marks: Marks = Marks()
    """How it stands in the list."""
    upto: bool = False
    """Whether these are earlier exchanges, and not the end of the conversation."""


class ConversationsPage(msgspec.Struct, frozen=True, kw_only=True):
    """All conversations, with what can be done with each."""

    frame: Frame
    lines: Lines


class ProblemPage(msgspec.Struct, frozen=True, kw_only=True):
    """Something could not be done, and what to do now."""

    frame: Frame
    status: int
    sentence: str


# Live changes. Each becomes one or more fragments that find their own place in the page.


class Reset(msgspec.Struct, frozen=True, kw_only=True, tag="reset"):
    """The end of the conversation as it is now; replaces everything after the page's first render."""

    exchanges: tuple[Exchange, ...]
    whole: bool = False
    """Whether this is all that is shown, because other versions of earlier turns are read now."""
    earlier: int = 0
    """How many exchanges stand before it, where it is all that is shown."""
    onward: tuple[str, ...] = ()
    """Turns that follow the last exchange but are not chosen."""


class Opened(msgspec.Struct, frozen=True, kw_only=True, tag="opened"):
    """A turn was asked for."""

    exchange: Exchange


class Grew(msgspec.Struct, frozen=True, kw_only=True, tag="grew"):
    """The answer grew by a piece."""

    turn: str
    passage: int = 0
    """Which passage of the answer: the number of actions before it."""
    text: str


class Pondered(msgspec.Struct, frozen=True, kw_only=True, tag="pondered"):
    """The thinking before the answer grew by a piece."""

    turn: str
    text: str


class Weighed(msgspec.Struct, frozen=True, kw_only=True, tag="weighed"):
    """What a turn has taken so far changed."""

    turn: str
    spent: Spent


class Used(msgspec.Struct, frozen=True, kw_only=True, tag="used"):
    """An action of a turn began or came back."""

    turn: str
    number: int
    """Its place among the turn's actions, from 0."""
    tool: ToolUse
    first: bool
    """Whether the page has no card for it yet."""
    printed: Printing | None = None
    """What it has printed while it runs; None until it prints."""


class Aired(msgspec.Struct, frozen=True, kw_only=True, tag="aired"):
    """An action whose card shows what it prints printed more."""

    turn: str
    number: int
    """Its place among the turn's actions, from 0."""
    printing: Printing


class Settled(msgspec.Struct, frozen=True, kw_only=True, tag="settled"):
    """A turn as a whole: it ended, or its text was taken back."""

    exchange: Exchange


class Earlier(msgspec.Struct, frozen=True, kw_only=True, tag="earlier"):
    """Exchanges before those that the page shows."""

    exchanges: tuple[Exchange, ...]
    earlier: int
    """How many stand before these."""


class Tasked(msgspec.Struct, frozen=True, kw_only=True, tag="tasked"):
    """The task list changed."""

    board: Board


class Edited(msgspec.Struct, frozen=True, kw_only=True, tag="edited"):
    """A task is edited; after a title was not taken, because it has another one by now, with the sentence of that."""

    task: Task
    touch: Touch
    draft: str
    problem: str = ""


class Logged(msgspec.Struct, frozen=True, kw_only=True, tag="logged"):
    """Events happened; newest last."""

    events: tuple[Event, ...]
    day: str = ""
    """The day, such as 2026-11-20, that the page has a list for already."""


class Relogged(msgspec.Struct, frozen=True, kw_only=True, tag="relogged"):
    """The newest events anew, because some may have been missed."""

    events: tuple[Event, ...]
    sift: Sift
    older: str


class Older(msgspec.Struct, frozen=True, kw_only=True, tag="older"):
    """The next page of the timeline."""

    events: tuple[Event, ...]
    sift: Sift
    older: str
    before: str = ""
    """The event below which this page starts."""


class Sought(msgspec.Struct, frozen=True, kw_only=True, tag="sought"):
    """The next hits of a search."""

    query: str
    noun: str
    """Only events of this noun."""
    hits: Hits
    as_of: str = ""
    """The moment that it looks back to; empty for now."""


class Attached(msgspec.Struct, frozen=True, kw_only=True, tag="attached"):
    """A file was handed in."""

    file: str
    """Its name."""
    link: str
    """Where it can be fetched."""
    path: str = ""
    """Where it lies in the box, empty when it does not."""
    note: str = ""
    """Why it does not, in a sentence."""


class Moded(msgspec.Struct, frozen=True, kw_only=True, tag="moded"):
    """The composer switched to another mode."""

    mode: Mode


class Noted(msgspec.Struct, frozen=True, kw_only=True, tag="noted"):
    """A sentence for the person at the page."""

    sentence: str
    failed: bool = True
    path: str = ""
    """The page that says more; empty when none does."""


class Toasted(msgspec.Struct, frozen=True, kw_only=True, tag="toasted"):
    """Somebody changed something, and this takes it back."""

    sentence: str
    actor: str
    event: str
    """The event that can be undone; or was, and can be done again."""
    undone: bool = False


class Offered(msgspec.Struct, frozen=True, kw_only=True, tag="offered"):
    """The ghost offers something, or nothing any more."""

    offer: Suggestion | None = None


class Online(msgspec.Struct, frozen=True, kw_only=True, tag="online"):
    """The live connection stands again."""


Written = Reset | Opened | Grew | Pondered | Weighed | Used | Aired | Settled
Said = Noted | Toasted | Offered | Attached | Moded | Online
InBox = Printing | Painted | Boxed
More = Earlier | Older | Sought
Change = Written | More | ListChange | Tasked | Edited | Logged | Relogged | Said | InBox


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What changed on a page that is open, in order."""

    changes: tuple[Change, ...]
    frame: Frame = Frame()


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The HTML around a piece of a growing answer, so that a token need not be asked for one by one.

    In order: `before`, the turn, `between`, the number of the passage, `inside`, the text with `&<>"'` and a bare
    return as references, `after`.
    """

    before: str
    between: str
    inside: str
    after: str


CHAT = Call("daimon.svc.ui.chat", ChatPage, Html)
CONVERSATIONS = Call("daimon.svc.ui.conversations", ConversationsPage, Html)
PROBLEM = Call("daimon.svc.ui.problem", ProblemPage, Html)
LIVE = Call("daimon.svc.ui.live", Changes, Html)
PIECE = Call("daimon.svc.ui.piece", Nothing, Piece)
ASSETS = Call("daimon.svc.ui.assets", Nothing, Assets)
CALLS: tuple[Call[Any, Html] | Call[Nothing, Piece] | Call[Nothing, Assets], ...] = (
    *(CHAT, CONVERSATIONS, PROBLEM, LIVE),
    PIECE,
    ASSETS,
)
