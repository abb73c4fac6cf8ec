"""Views of the pages of tasks, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.base import Call
from proto.board import Touch
from proto.tasks import Task
from proto.ui import Board, Frame, Html


class TasksPage(msgspec.Struct, frozen=True, kw_only=True):
    """The task list on a page of its own."""

    frame: Frame
    board: Board


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """One task, ready to be edited."""

    frame: Frame
    task: Task
    touch: Touch
    draft: str
    """What stands in the field."""
    problem: str = ""
    """Why the title was not taken, in a sentence."""


TASKS = Call("daimon.svc.ui.tasks", TasksPage, Html)
TASK = Call("daimon.svc.ui.task", TaskPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (TASKS, TASK)
