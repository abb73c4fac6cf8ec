"""The ghost beside a person: it offers what comes next, does it when told, and nothing by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from proto import approvals, errors, events, forgetting, sorting, suggestions, tasks, undo
from proto.base import Caller, Nothing
from proto.events import happened
from proto.suggestions import Accept, Dismiss, Done, Suggestion, Switch
from services.ghost.main import serve
from services.ghost.settings import GhostSettings
from services.runtime.bus import Bus
from services.tasks.main import serve as serve_tasks
from services.tasks.settings import TasksSettings
from services.undo.main import serve as serve_undo
from services.undo.settings import UndoSettings
from tests.support.running import running
from tests.support.servers import NatsServer

Open = Callable[[str], Awaitable[Bus]]


class Person:
    """Somebody with a task list, an undo line and the ghost."""

    def __init__(self, cli: Bus, user: Caller) -> None:
        self.cli = cli
        self.user = user

    async def add(self, title: str) -> str:
        return (await self.cli.call(tasks.ADD, tasks.AddTask(title=title), caller=self.user)).task.id

    async def shop(self, title: str) -> None:
        """Keep the habit of sorting in what is bought."""
        await self.add(f"{title} from the shop")
        await self.cli.call(sorting.SORT, sorting.SortTasks(by="title"), caller=self.user)

    async def shops(self, titles: str = "zyxw") -> None:
        await self.add("zz")
        for title in titles:
            await self.shop(title)

    async def report(self) -> None:
        """Keep the habit of a round of four."""
        task = await self.add("report")
        for call, request in (
            (tasks.MOVE, tasks.MoveTask(task=task, position=1)),
            (tasks.COMPLETE, tasks.CompleteTask(task=task)),
            (tasks.DELETE, tasks.DeleteTask(task=task)),
        ):
            await self.cli.call(call, request, caller=self.user)

    async def titles(self) -> list[str]:
        found = await self.cli.call(tasks.LIST, tasks.ListTasks(), caller=self.user)
        return [task.title for task in found.tasks]

    async def told(self) -> suggestions.Suggestions:
        return await self.cli.call(suggestions.LIST, Nothing(), caller=self.user)

    async def offered(self, after: Awaitable[object]) -> Suggestion:
        """What is offered once something has been done."""
        wanted = events.of_kind(suggestions.SuggestionMade.kind, self.user.user)
        async with self.cli.follow(wanted) as made, asyncio.timeout(20):
            await after
            while True:
                event = await made.next()
                last = await self.cli.journal.last(events.of_noun("task", self.user.user))
                if last and event.cause == last.event.id and (found := (await self.told()).now):
                    return found

    async def accept(self, id_: str = "") -> Done:
        return await self.cli.call(suggestions.ACCEPT, Accept(id=id_), caller=self.user, timeout=30)

    async def dismiss(self, id_: str = "") -> Done:
        return await self.cli.call(suggestions.DISMISS, Dismiss(id=id_), caller=self.user)

    async def undo(self) -> undo.Undone:
        return await self.cli.call(undo.LAST, undo.UndoLast(), caller=self.user)


@pytest.fixture
async def services(open_bus: Open):
    async with (
        running(serve_tasks, TasksSettings(), await open_bus("tasks")),
        running(serve_undo, UndoSettings(), await open_bus("undo")),
        running(serve, GhostSettings(), await open_bus("ghost")),
    ):
        yield


@pytest.fixture
async def person(services, open_bus: Open, ada: Caller):
    return Person(await open_bus("cli"), ada)


async def test_the_next_action_is_offered_done_as_the_ghosts_and_undone_like_any_other(person):
    await person.shops()
    offer = await person.offered(person.add("a loaf from the shop"))
    assert [step.sentence for step in offer.steps] == ["sort the list by title"]
    assert offer.why.endswith("you sorted the list by title 4 of 4 times")
    before = await person.titles()
    done = await person.accept(offer.id)
    assert (await person.titles())[0] == "a loaf from the shop"
    log = await person.cli.journal.read(events.of_user(person.user.user))
    (sort,) = [one.event for one in log if one.event.actor == "ghost" and one.event.kind == "task.sorted"]
    assert sort.cause == done.event
    assert (await person.told()).record.accepted == 1
    await person.undo()
    assert await person.titles() == before


async def test_an_offer_is_gone_once_it_was_decided_about(person):
    await person.shops()
    offer = await person.offered(person.add("a loaf from the shop"))
    await person.dismiss(offer.id)
    assert (await person.told()).now is None
    for decide in (person.accept, person.dismiss):
        with pytest.raises(errors.Missing, match="not offered any more"):
            await decide(offer.id)
    assert (await person.titles())[-1] == "a loaf from the shop"


async def test_of_two_who_accept_at_once_one_has_it_done(person):
    await person.shops()
    offer = await person.offered(person.add("a loaf from the shop"))
    came = await asyncio.gather(*(person.accept(offer.id) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, Done) for one in came) == 1
    assert all(isinstance(one, Done | errors.Conflict | errors.Missing) for one in came)


async def test_doing_something_else_takes_the_offer_back(person):
    await person.shops()
    await person.offered(person.add("a loaf from the shop"))
    wanted = events.of_kind(suggestions.SuggestionMissed.kind, person.user.user)
    async with person.cli.follow(wanted) as missed, asyncio.timeout(20):
        await person.add("call mum")
        event = await missed.next()
    assert event.sentence == "Not as foretold (sort the list by title): Added task 'call mum'"
    assert (await person.told()).record.missed == 1


async def test_the_rest_of_a_round_is_one_plan_and_one_line_to_undo(person):
    await person.add("other")
    for _ in range(4):
        await person.report()
    offer = await person.offered(person.add("report"))
    assert [step.sentence for step in offer.steps] == ["move 'report' to 1st", "complete 'report'", "delete 'report'"]
    done = await person.accept(offer.id)
    assert done.sentence.count(";") == 2
    assert await person.titles() == ["other"]
    undone = await person.undo()
    assert undone.sentence == "Undid: Let the ghost move 'report' to 1st, complete 'report' and delete 'report'"
    assert await person.titles() == ["other", "report"]
    await person.cli.call(undo.REDO, undo.Redo(), caller=person.user)
    assert await person.titles() == ["other"]


async def test_a_step_of_a_plan_is_undone_with_the_others_and_only_with_what_builds_on_it(person):
    await person.add("other")
    for _ in range(4):
        await person.report()
    offer = await person.offered(person.add("report"))
    await person.accept(offer.id)
    log = await person.cli.journal.read(events.of_noun("task", person.user.user))
    step = log[-1].event.id
    previewed = await person.cli.call(undo.PREVIEW, undo.Preview(step=step), caller=person.user)
    assert len(previewed.steps) == 1
    await person.cli.call(undo.STEP, undo.UndoStep(step=step), caller=person.user)
    assert await person.titles() == ["other", "report"]


async def test_what_was_denied_meanwhile_is_not_done(person, open_bus, ada):
    await person.shops()
    offer = await person.offered(person.add("a loaf from the shop"))
    llm = await open_bus("llm")
    await llm.journal.append(happened(approvals.RuleSet(action="tasks.sort", rule="deny"), ada))
    with pytest.raises(errors.Refused, match="sort is refused"):
        await person.accept(offer.id)


async def test_whoever_wants_no_suggestions_gets_none_until_that_is_undone(person):
    await person.shops()
    await person.cli.call(suggestions.SWITCH, Switch(on=False), caller=person.user)
    await person.shop("a loaf")
    found = await person.told()
    assert not found.on
    assert found.now is None
    await person.cli.call(undo.STEP, undo.UndoStep(step="suggestions are off"), caller=person.user)
    assert (await person.told()).on
    await person.offered(person.add("a bun from the shop"))


async def test_while_recording_is_paused_nothing_is_offered(person, open_bus, ada):
    await person.shops()
    memory = await open_bus("memory")
    await memory.journal.append(happened(forgetting.Paused(), ada))
    await person.shop("a loaf")
    before = (await person.told()).record.made
    await person.shop("a bun")
    await memory.journal.append(happened(forgetting.Resumed(), ada))
    await person.offered(person.add("a cake from the shop"))
    assert (await person.told()).record.made == before + 1


async def test_nobody_is_offered_or_accepts_what_is_anothers(person):
    await person.shops()
    offer = await person.offered(person.add("a loaf from the shop"))
    other = Person(person.cli, Caller(user=f"bob-{person.user.user}"))
    assert (await other.told()).now is None
    with pytest.raises(errors.Missing):
        await other.accept(offer.id)
    assert (await person.told()).now == offer


@asynccontextmanager
async def ghost(nats: NatsServer, settings: GhostSettings) -> AsyncIterator[None]:
    """A ghost that answers nothing any more afterwards."""
    async with Bus.open(nats.settings("ghost"), "ghost") as bus, running(serve, settings, bus):
        yield


async def test_a_ghost_that_starts_learns_from_what_was_of_late_and_keeps_what_was_chosen(nats_server, open_bus, ada):
    person = Person(await open_bus("cli"), ada)
    async with running(serve_tasks, TasksSettings(), await open_bus("tasks")):
        async with ghost(nats_server, GhostSettings()):
            await person.shops()
            await person.cli.call(suggestions.SWITCH, Switch(on=False), caller=ada)
            assert (await person.told()).habits
        for number in range(6):
            await person.add(f"number {number}")
        async with ghost(nats_server, GhostSettings(recent=5)):
            found = await person.told()
            assert (found.on, found.habits) == (False, ())
            await person.cli.call(suggestions.SWITCH, Switch(on=True), caller=ada)
            assert (await person.told()).on


async def test_another_ghost_knows_what_the_first_one_learnt(services, person, open_bus):
    await person.shops()
    offer = await person.offered(person.add("a loaf from the shop"))
    async with running(serve, GhostSettings(people=1), await open_bus("ghost")):
        for _ in range(10):
            assert (await person.told()).now == offer
        await person.accept(offer.id)
    assert (await person.titles())[0] == "a loaf from the shop"
