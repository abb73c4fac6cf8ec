"""What a job prints, laid out in rows with colours: for pages, which show it and have it grow."""

from __future__ import annotations

import msgspec

from proto.boxes import BoxFile, Network
from proto.jobs import Job


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Some text of one look."""

    text: str
    style: str = ""
    """Classes of the style sheet, such as `bold f2`."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of output."""

    spans: tuple[Span, ...] = ()


class Printing(msgspec.Struct, frozen=True, kw_only=True, tag="printing"):
    """A job printed something, or ended."""

    rows: tuple[Row, ...]
    """Finished lines."""
    open: Row
    """The line that is being written; it takes the place of the one on the page."""
    whole: bool = False
    """Whether the rows take the place of all on the page."""
    running: bool = True
    standing: str = ""
    """How it stands, in a few words."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a screen."""

    at: int
    """From 0 at the top."""
    row: Row


class Painted(msgspec.Struct, frozen=True, kw_only=True, tag="painted"):
    """The screen of a terminal changed, or the terminal ended."""

    changed: tuple[Line, ...]
    """The rows that changed."""
    back: tuple[Row, ...] = ()
    """Rows that went off the top."""
    rows: int
    whole: bool = False
    """Whether this takes the place of all on the page."""
    modes: str = ""
    """How keys are to be told, as keystrokes have it."""
    running: bool = True
    standing: str = ""
    """How it stands, in a few words."""


class Boxed(msgspec.Struct, frozen=True, kw_only=True, tag="boxed"):
    """The jobs, the files or the network of a box changed."""

    conversation: str
    jobs: tuple[Job, ...] = ()
    files: tuple[BoxFile, ...] = ()
    network: Network | None = None
    problem: str = ""
    """Why this is not known, in a sentence."""
