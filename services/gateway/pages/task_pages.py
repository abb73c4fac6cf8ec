"""The task list in a browser: its page, one task to edit, and the forms that change it."""

from __future__ import annotations

from typing import Literal, cast, get_args

from fastapi import Response
from msgspec.structs import replace

from proto import board, sorting, tasks, ui, ui_tasks
from proto.errors import Conflict, Invalid, Missing
from services.gateway.pages import panes
from services.gateway.pages.past import moved, past
from services.gateway.visit import Visit, opened, posted

POSITION_LIMIT = 100_000
POSITION_DIGITS = 6
Show = Literal["all", "open", "done"]


async def page(visit: Visit) -> Response:
    """The list, as it is or was."""
    back = await past(visit)
    found = await panes.board(visit.gate.bus, visit.caller(), as_of=back.as_of)
    found = replace(found, show=show_of(visit.query("show")), words=visit.query("q").strip()[:500])
    view = ui_tasks.TasksPage(frame=replace(visit.frame(), past=back), board=found)
    return moved(visit) or await visit.page(ui_tasks.TASKS, view)


def show_of(text: str) -> Show:
    """Which tasks are shown; all for any other word."""
    return cast("Show", text) if text in ("open", "done") else "all"


async def one(visit: Visit) -> Response:
    """One task; htmx is given the form alone."""
    view = await _one(visit)
    if visit.swaps:
        return await visit.changed(ui.Edited(task=view.task, touch=view.touch, draft=view.draft))
    return await visit.page(ui_tasks.TASK, view)


async def add(visit: Visit) -> Response:
    """Put a task on the list."""
    await visit.call(tasks.ADD, tasks.AddTask(title=await _title(visit)))
    return await visit.done()


async def sort(visit: Visit) -> Response:
    """Sort the whole list once."""
    by = (await visit.form()).get("by", "")
    if by not in get_args(sorting.Order):
        raise Invalid(f"A list is sorted by one of these: {', '.join(get_args(sorting.Order))}.")
    await visit.call(sorting.SORT, sorting.SortTasks(by=cast("sorting.Order", by)))
    return await visit.done()


async def complete(visit: Visit) -> Response:
    """Mark a task as done."""
    await visit.call(tasks.COMPLETE, tasks.CompleteTask(task=visit.path("task")))
    return await visit.done()


async def reopen(visit: Visit) -> Response:
    """Mark a task as not done."""
    await visit.call(tasks.REOPEN, tasks.ReopenTask(task=visit.path("task")))
    return await visit.done()


async def rename(visit: Visit) -> Response:
    """Give a task another title; where it has another one by now, both are shown and nothing is lost."""
    title, before = await _title(visit), (await visit.form()).get("before", "")
    try:
        await visit.call(board.EDIT, board.EditTask(task=visit.path("task"), before=before[:500], title=title))
    except Conflict as conflict:
        view = await _one(visit, draft=title, problem=conflict.message)
        if not visit.swaps:
            return await visit.page(ui_tasks.TASK, view, status=conflict.code)
        edited = ui.Edited(task=view.task, touch=view.touch, draft=title, problem=conflict.message)
        return await visit.changed(edited, status=conflict.code)
    return await visit.done()


async def move(visit: Visit) -> Response:
    """Move a task to another place."""
    position = (await visit.form()).get("position", "")
    # The length comes first: int() refuses thousands of digits with an error of its own.
    if not (position.isdecimal() and len(position) <= POSITION_DIGITS and 1 <= int(position) <= POSITION_LIMIT):
        raise Invalid("A place in the list is a number from 1.")
    await visit.call(tasks.MOVE, tasks.MoveTask(task=visit.path("task"), position=int(position)))
    return await visit.done()


async def delete(visit: Visit) -> Response:
    """Take a task off the list."""
    await visit.call(tasks.DELETE, tasks.DeleteTask(task=visit.path("task")))
    return await visit.done()


async def _one(visit: Visit, *, draft: str = "", problem: str = "") -> ui_tasks.TaskPage:
    found = await visit.call(board.READ, tasks.ListTasks())
    for task, touch in zip(found.tasks, found.touches, strict=True):
        if task.id == visit.path("task"):
            frame = visit.frame(path=f"/tasks/{task.id}")
            return ui_tasks.TaskPage(frame=frame, task=task, touch=touch, draft=draft or task.title, problem=problem)
    raise Missing("This task is not on the list any more.")


async def _title(visit: Visit) -> str:
    title = " ".join((await visit.form()).get("title", "").split())
    if not title:
        raise Invalid("A task needs a title.")
    if len(title) > 500:
        raise Invalid("A title has at most 500 characters; put the rest into a conversation.")
    return title


ROUTES = (
    opened("/tasks", page),
    opened("/tasks/{task}", one),
    posted("/tasks", add),
    posted("/tasks/sort", sort),
    posted("/tasks/{task}/complete", complete),
    posted("/tasks/{task}/reopen", reopen),
    posted("/tasks/{task}/rename", rename),
    posted("/tasks/{task}/move", move),
    posted("/tasks/{task}/delete", delete),
)
