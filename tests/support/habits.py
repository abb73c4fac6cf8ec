"""Somebody with a habit: what is bought is sorted in at once, so that the ghost offers it."""

from __future__ import annotations

from daimon.connection import Connection
from proto import events, sorting, suggestions, tasks


async def shop(person: Connection, title: str, *, sorts: bool = True) -> None:
    """Buy something, and sort it in."""
    await person.call(tasks.ADD, tasks.AddTask(title=f"{title} from the shop"))
    if sorts:
        await person.call(sorting.SORT, sorting.SortTasks(by="title"))


async def keep_habit(person: Connection) -> None:
    """Keep it four times."""
    await person.call(tasks.ADD, tasks.AddTask(title="zz"))
    for title in "zyxw":
        await shop(person, title)


async def until_offered(person: Connection) -> None:
    """Buy something more, and wait until it is offered to sort it in."""
    wanted = events.of_kind(suggestions.SuggestionMade.kind, person.caller.user)
    async with person.bus.follow(wanted) as made:
        await shop(person, "a loaf", sorts=False)
        last = await person.bus.journal.last(events.of_noun("task", person.caller.user))
        while last and (await made.next()).cause != last.event.id:
            pass
