"""`daimon tasks`: the task list, and what can be done to it."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import get_args

from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.terminal import add_again, add_as_of, add_json, add_person, on_bus, printable, remark, show_json
from proto import sorting, tasks
from proto.tasks import Task, TaskChange, TaskList

Change = Callable[[Connection, argparse.Namespace], Awaitable[TaskChange | TaskList]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    add_as_of(parser)
    parser.set_defaults(change=None)
    verbs = parser.add_subparsers(metavar="VERB", title="without a verb the list is shown; the verbs are")
    for name, line, change, *takes in (
        ("list", "show the list", None),
        ("add", "add a task", _add, "title"),
        ("done", "mark a task as done", _complete, "task"),
        ("reopen", "mark a task as not done", _reopen, "task"),
        ("rename", "change the title of a task", _rename, "task", "title"),
        ("delete", "remove a task", _delete, "task"),
        ("move", "move a task to another place, 1 is the top", _move, "task", "position"),
        ("sort", "sort the whole list once", _sort, "by"),
    ):
        verb = verbs.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.")
        verb.set_defaults(change=change)
        _add_operands(verb, *map(str, takes))


def _add_operands(verb: argparse.ArgumentParser, *takes: str) -> None:
    for name in takes:
        if name == "position":
            verb.add_argument("position", type=int)
        elif name == "by":
            verb.add_argument(
                "by", nargs="?", choices=get_args(sorting.Order), default="title", help="what comes first"
            )
        elif name == "title":
            verb.add_argument("title", nargs="+")
        else:
            verb.add_argument("task", help="its number in the list, words of its title, or its id")
    add_again(verb, "--json", "--home", "--user", "--as-of")


def run(arguments: argparse.Namespace) -> int:
    """Show the list, or change it and say what was done."""
    if arguments.change and arguments.as_of:
        raise CommandError("The past cannot be changed; leave --as-of out.")
    return on_bus(_change if arguments.change else _show, arguments)


async def _show(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(tasks.LIST, tasks.ListTasks(as_of=arguments.as_of))
    if arguments.json:
        show_json(found.tasks)
        return 0
    for task in found.tasks:
        print(line(task))
    if not found.tasks:
        remark('Nothing is on the list; `daimon tasks add "buy milk"` puts something there.')
    return 0


async def _change(connection: Connection, arguments: argparse.Namespace) -> int:
    change: Change = arguments.change
    changed = await change(connection, arguments)
    if arguments.json:
        show_json(changed)
    else:
        print(printable(changed.sentence))
    return 0


def line(task: Task) -> str:
    """Return a task as one line of the list."""
    return printable(f"{task.position:>3}  [{'x' if task.done else ' '}]  {task.title}")


async def _add(connection: Connection, arguments: argparse.Namespace) -> TaskChange:
    return await connection.call(tasks.ADD, tasks.AddTask(title=" ".join(arguments.title)))


async def _complete(connection: Connection, arguments: argparse.Namespace) -> TaskChange:
    return await connection.call(tasks.COMPLETE, tasks.CompleteTask(task=arguments.task))


async def _reopen(connection: Connection, arguments: argparse.Namespace) -> TaskChange:
    return await connection.call(tasks.REOPEN, tasks.ReopenTask(task=arguments.task))


async def _rename(connection: Connection, arguments: argparse.Namespace) -> TaskChange:
    return await connection.call(tasks.RENAME, tasks.RenameTask(task=arguments.task, title=" ".join(arguments.title)))


async def _delete(connection: Connection, arguments: argparse.Namespace) -> TaskChange:
    return await connection.call(tasks.DELETE, tasks.DeleteTask(task=arguments.task))


async def _move(connection: Connection, arguments: argparse.Namespace) -> TaskChange:
    return await connection.call(tasks.MOVE, tasks.MoveTask(task=arguments.task, position=arguments.position))


async def _sort(connection: Connection, arguments: argparse.Namespace) -> TaskList:
    return await connection.call(sorting.SORT, sorting.SortTasks(by=arguments.by))
