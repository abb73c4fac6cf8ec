"""Views of the pages of a conversation's box, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.base import Call
from proto.boxes import Description, FileText
from proto.events import Event
from proto.jobs import Job
from proto.printing import Boxed, Painted, Printing
from proto.ui import Frame, Html


class BoxPage(msgspec.Struct, frozen=True, kw_only=True):
    """A box: how it stands, its files, its jobs."""

    frame: Frame
    conversation: str
    title: str
    """The conversation's."""
    box: Description | None = None
    """None when it cannot be asked."""
    content: Boxed
    hosts: str = ""
    """What stands in the field of hosts."""
    happened: tuple[Event, ...] = ()
    """Of a box as it was, the last that had happened in it by then."""


class FilePage(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a box, to read and to edit."""

    frame: Frame
    conversation: str
    file: FileText
    text: str
    """What stands in the editor: the file's text, or what was typed and refused."""
    was: str = ""
    """What the editor began with, by its SHA-256; a file that is another now is not overwritten."""
    fixed: str = ""
    """Why it cannot be edited here, in a sentence."""


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """A job or a terminal, with what it printed."""

    frame: Frame
    conversation: str
    job: Job
    printed: Printing | None = None
    screen: Painted | None = None
    """Of a terminal, in place of what it printed."""
    cut: bool = False
    """Whether it printed more than is shown."""


BOX = Call("daimon.svc.ui.box", BoxPage, Html)
FILE = Call("daimon.svc.ui.box_file", FilePage, Html)
JOB = Call("daimon.svc.ui.box_job", JobPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (BOX, FILE, JOB)
