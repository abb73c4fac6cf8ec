"""The task list as a page shows it: each task with the event that touched it last, and editing by several at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from proto.base import Call
from proto.tasks import ListTasks, Task, TaskChange, Title


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """The last change of a task; who made it stands in the task."""

    event: str
    """Its id."""
    time: datetime


class TaskBoard(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks in order."""

    tasks: tuple[Task, ...] = ()
    touches: tuple[Touch, ...] = ()
    """The last change of each, in the same order."""


class EditTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the title of a task that still has the title its editor saw; Conflict otherwise."""

    task: Annotated[str, Meta(min_length=1, max_length=100)]
    before: Annotated[str, Meta(max_length=500)]
    title: Title


READ = Call("daimon.do.{user}.{actor}.tasks.board", ListTasks, TaskBoard)
EDIT = Call("daimon.do.{user}.{actor}.tasks.edit", EditTask, TaskChange)
CALLS = (READ, EDIT)
