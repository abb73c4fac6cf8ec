"""The task list as the log has it now."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

import msgspec

from proto import sorting, tasks
from proto.events import Happening
from services.memory.entries import Entry
from services.memory.store import Session, by_column

TOUCHING: tuple[type[Happening], ...] = (*tasks.KINDS, *sorting.KINDS)
_COLUMNS = ("id", "title", "done", "position", "actor", "added", "changed")


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One task of a user."""

    id: str
    title: str
    done: bool
    position: int
    actor: str
    added: datetime
    changed: datetime


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Bring every touched list up to these events."""
    touching = sorted((entry for entry in entries if isinstance(entry.happening, TOUCHING)), key=attrgetter("user"))
    for user, own in itertools.groupby(touching, key=attrgetter("user")):
        before = {task.id: task for task in await session.fetch(TaskRow, "load_tasks", user=user)}
        after = fold(before.values(), own)
        changed = [task for task in after if before.get(task.id) != task]
        gone = before.keys() - {task.id for task in after}
        if changed:
            await session.run("save_tasks", user=user, **by_column(changed, *_COLUMNS))
        if gone:
            await session.run("drop_tasks", user=user, id=list(gone))


def fold(before: Iterable[TaskRow], entries: Iterable[Entry]) -> list[TaskRow]:
    """Return the list after these events, which are in the order of the log."""
    found = list(before)
    for entry in entries:
        _apply(found, entry)
    return [msgspec.structs.replace(task, position=place) for place, task in enumerate(found, start=1)]


def _apply(found: list[TaskRow], entry: Entry) -> None:
    what = entry.happening
    if isinstance(what, sorting.TasksSorted):
        found.sort(key=sorting.place_in(what.order))
        return
    at = next((place for place, task in enumerate(found) if task.id == getattr(what, "task", "")), None)
    if isinstance(what, tasks.TaskAdded) and at is None:
        found.append(_new(what, entry))
    if isinstance(what, tasks.TaskRestored) and at is None:
        found.insert(what.position - 1, _new(what, entry, done=what.done))
    if isinstance(what, tasks.TaskAdded | tasks.TaskRestored) or at is None:
        return
    task = msgspec.structs.replace(found.pop(at), actor=entry.actor, changed=entry.time)
    match what:
        case tasks.TaskCompleted():
            found.insert(at, msgspec.structs.replace(task, done=True))
        case tasks.TaskReopened():
            found.insert(at, msgspec.structs.replace(task, done=False))
        case tasks.TaskRenamed(title=title):
            found.insert(at, msgspec.structs.replace(task, title=title))
        case tasks.TaskMoved(position=position):
            found.insert(position - 1, task)
        case _:
            pass  # deleted


def _new(what: tasks.TaskAdded | tasks.TaskRestored, entry: Entry, *, done: bool = False) -> TaskRow:
    return TaskRow(
        id=what.task,
        title=what.title,
        done=done,
        position=0,
        actor=entry.actor,
        added=entry.time,
        changed=entry.time,
    )
