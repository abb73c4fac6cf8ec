"""What the tasks service does: decide from the state the log gives, record, answer."""

from __future__ import annotations

import functools
from collections.abc import Callable

import msgspec

from proto import errors, events, sorting, tasks
from proto.base import Caller, new_id
from proto.board import EditTask, TaskBoard
from proto.events import Event, Happening, Recorded
from proto.moments import moment
from proto.tasks import Task, TaskChange
from services.runtime.bus.journal import Expect, Journal, Repeated
from services.tasks.list import Tasks

TRIES = 5
"""How often a decision is made anew when somebody else changed the list in between."""
LISTS = 1000
"""Users whose lists are kept in memory; the others are read from the log again."""

Decide = Callable[[Tasks], tuple[Happening, str]]
"""From the list as it is: what happens, and the id of the task it happens to."""


class _Of(msgspec.Struct, frozen=True, kw_only=True):
    """What every event of a task has."""

    task: str = ""


class State:
    """One user's list and the place in the log up to which it is true."""

    def __init__(self) -> None:
        self.tasks = Tasks()
        self.sequence = 0
        self.answered: dict[tuple[str, str], TaskChange] = {}
        """What requests with an idempotency key led to, so that asking twice happens once."""

    def apply(self, recorded: Recorded) -> None:
        """Let the next event of the log happen."""
        event, self.sequence = recorded.event, recorded.sequence
        self.tasks.apply(event)
        if event.key:
            task = self.tasks.get(msgspec.json.decode(event.data, type=_Of).task)
            self.answered[event.actor, event.key] = TaskChange(
                task=task or _untitled(event), sentence=event.sentence, event=event.id
            )


class Handlers:
    """One method a subject."""

    def __init__(self, journal: Journal, *, limit: int) -> None:
        self._journal = journal
        self._limit = limit
        self._state = functools.lru_cache(LISTS)(lambda _user: State())

    def forget(self) -> None:
        """Drop every list, because something of the log is gone; the next request reads it again."""
        self._state.cache_clear()

    async def add(self, request: tasks.AddTask, caller: Caller) -> TaskChange:
        """Put a task at the end of the list."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            if len(state) >= self._limit:
                raise errors.Refused(f"The list is full: it has {len(state)} tasks. Delete some first.")
            task = new_id()
            return tasks.TaskAdded(task=task, title=_title(request.title)), task

        return await self._change(caller, decide)

    async def list(self, request: tasks.ListTasks, caller: Caller) -> tasks.TaskList:
        """Return the list, or what matches of it."""
        found = _matching(await self._asked(request, caller), request.filter)
        return tasks.TaskList(tasks=tuple(found), sentence=_sentence(found))

    async def board(self, request: tasks.ListTasks, caller: Caller) -> TaskBoard:
        """Return the same with the last change of each."""
        state = await self._asked(request, caller)
        found = _matching(state, request.filter)
        return TaskBoard(tasks=tuple(found), touches=tuple(state.tasks.touch(task.id) for task in found))

    async def complete(self, request: tasks.CompleteTask, caller: Caller) -> TaskChange:
        """Mark a task done."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            task = state.find(request.task)
            if task.done:
                raise errors.Refused(f"'{task.title}' is done already.")
            return tasks.TaskCompleted(task=task.id, title=task.title), task.id

        return await self._change(caller, decide)

    async def reopen(self, request: tasks.ReopenTask, caller: Caller) -> TaskChange:
        """Mark a task not done."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            task = state.find(request.task)
            if not task.done:
                raise errors.Refused(f"'{task.title}' is not done yet.")
            return tasks.TaskReopened(task=task.id, title=task.title), task.id

        return await self._change(caller, decide)

    async def rename(self, request: tasks.RenameTask, caller: Caller) -> TaskChange:
        """Give a task another title."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            task = state.find(request.task)
            return tasks.TaskRenamed(task=task.id, before=task.title, title=_title(request.title)), task.id

        return await self._change(caller, decide)

    async def edit(self, request: EditTask, caller: Caller) -> TaskChange:
        """Give a task another title, unless somebody else did since its editor saw it."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            task = state.get(request.task)
            if task is None:
                raise errors.Missing("This task is not on the list any more.")
            if task.title != request.before:
                raise errors.Conflict(f"Meanwhile this task was renamed to '{task.title}'.")
            return tasks.TaskRenamed(task=task.id, before=task.title, title=_title(request.title)), task.id

        return await self._change(caller, decide)

    async def delete(self, request: tasks.DeleteTask, caller: Caller) -> TaskChange:
        """Take a task off the list."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            task = state.find(request.task)
            gone = tasks.TaskDeleted(task=task.id, title=task.title, position=task.position, done=task.done)
            return gone, task.id

        return await self._change(caller, decide)

    async def move(self, request: tasks.MoveTask, caller: Caller) -> TaskChange:
        """Give a task another place; beyond the end means the end."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            task = state.find(request.task)
            place = min(request.position, len(state))
            moved = tasks.TaskMoved(task=task.id, title=task.title, before=task.position, position=place)
            return moved, task.id

        return await self._change(caller, decide)

    async def sort(self, request: sorting.SortTasks, caller: Caller) -> tasks.TaskList:
        """Put the whole list into another order, once."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            if len(state) > sorting.SORTABLE:
                raise errors.Refused(f"The list has {len(state)} tasks; {sorting.SORTABLE} can be sorted at once.")
            return _moving(state.sorting(request.by)), ""

        return await self._reorder(caller, decide)

    async def arrange(self, request: sorting.ArrangeTasks, caller: Caller) -> tasks.TaskList:
        """Put the list back into an order that it had."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            return _moving(state.arranging(request.order)), ""

        return await self._reorder(caller, decide)

    async def _reorder(self, caller: Caller, decide: Decide) -> tasks.TaskList:
        change = await self._change(caller, decide)
        ordered = (await self._current(caller.user)).tasks.ordered()
        return tasks.TaskList(tasks=ordered, sentence=change.sentence, event=change.event)

    async def restore(self, request: tasks.RestoreTask, caller: Caller) -> TaskChange:
        """Put a deleted task back to its place, or to the end of a list that has become shorter."""

        def decide(state: Tasks) -> tuple[Happening, str]:
            if state.get(request.task):
                raise errors.Refused(f"'{request.title}' is on the list already.")
            place, title = min(request.position, len(state) + 1), _title(request.title)
            return tasks.TaskRestored(task=request.task, title=title, position=place, done=request.done), request.task

        return await self._change(caller, decide)

    async def _change(self, caller: Caller, decide: Decide) -> TaskChange:
        """Decide, and record it if nobody else changed the list since; otherwise decide again."""
        for _ in range(TRIES):
            state = await self._current(caller.user)
            asked = caller.actor, caller.key
            if asked in state.answered:
                return state.answered[asked]
            what, task = decide(state.tasks)
            before = state.tasks.get(task)
            event = events.happened(what, caller)
            expect = Expect(filter=events.of_noun("task", caller.user), sequence=state.sequence)
            try:
                await self._journal.append(event, expect=expect)
            except (errors.Conflict, Repeated):
                await self._check(caller.user, state.sequence)
                continue
            after = (await self._current(caller.user)).tasks.get(task) or before or _untitled(event)
            return TaskChange(task=after, sentence=event.sentence, event=event.id)
        raise errors.Conflict("The list is being changed by somebody else all the time; try again.")

    async def _check(self, user: str, sequence: int) -> None:
        """Drop a list that is ahead of the log: something of it was forgotten."""
        newest = await self._journal.last(events.of_noun("task", user))
        if newest is None or newest.sequence < sequence:
            self.forget()

    async def _asked(self, request: tasks.ListTasks, caller: Caller) -> State:
        return await self._as_of(caller.user, request.as_of) if request.as_of else await self._current(caller.user)

    async def _as_of(self, user: str, text: str) -> State:
        """Make the list as it was."""
        then, state = moment(text), State()
        for recorded in await self._journal.read(events.of_noun("task", user)):
            if then.includes(recorded):
                state.apply(recorded)
        return state

    async def _current(self, user: str) -> State:
        """Bring the list up to what the log says now."""
        state: State = self._state(user)
        news = await self._journal.read(events.of_noun("task", user), after=state.sequence)
        for recorded in news:
            if recorded.sequence > state.sequence:
                state.apply(recorded)
        return state


def _matching(state: State, filter_: str) -> list[Task]:
    words = filter_.casefold().split()
    return [task for task in state.tasks.ordered() if all(word in task.title.casefold() for word in words)]


def _untitled(event: Event) -> Task:
    """What stands for a task where there is none: it is gone, or the whole list was changed."""
    return Task(id="", title=event.sentence)


def _moving(what: sorting.TasksSorted | None) -> sorting.TasksSorted:
    if what is None:
        raise errors.Refused("The list is in that order already.")
    return what


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise errors.Invalid("A task needs a title.")
    return title


def _sentence(found: list[Task]) -> str:
    if not found:
        return "The list is empty."
    lines = (f"{task.position}. {'[x]' if task.done else '[ ]'} {task.title}" for task in found)
    return "\n".join(lines)
