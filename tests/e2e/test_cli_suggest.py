"""`daimon suggest`: what is offered, with its evidence, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import msgspec
import pytest

from daimon.connection import Connection, connect
from proto import events, sandbox, suggestions, tasks
from proto.base import new_id
from proto.chat import Answered
from proto.kinds import happening
from proto.suggestions import Suggestions
from tests.support.habits import keep_habit, until_offered
from tests.support.whole import WITHIN, Whole


@pytest.fixture
async def person(reflex: Whole):
    """A user nobody else in this run has, on the bus."""
    async with connect(reflex.home.path, f"ada-{new_id()[-12:]}", "work") as connection:
        yield connection


async def suggest(whole: Whole, person: Connection, *words: str, code: int = 0) -> str:
    ran = await whole.daimon("suggest", *words, "--user", person.caller.user)
    assert ran.code == code, ran.err
    return ran.out + ran.err


async def test_what_is_offered_is_shown_with_its_evidence_accepted_and_counted(reflex, person):
    assert "Nothing is offered at the moment." in await suggest(reflex, person)
    await keep_habit(person)
    await until_offered(person)
    shown = await suggest(reflex, person)
    assert shown.startswith(
        "Sort the list by title?\n  After adding a task with 'shop' you sorted the list by title 4 of"
    )
    assert "What this foretold came 3 of 3 times." in shown
    assert "Sorted the list, by title: 'a loaf from the shop' from 6th to 1st" in await suggest(
        reflex, person, "accept"
    )
    assert "1 were accepted" in await suggest(reflex, person)
    assert "Nothing is offered" in await suggest(reflex, person, "accept", code=1)


async def test_it_is_dismissed_and_switched_off_and_a_script_reads_it(reflex, person):
    await keep_habit(person)
    await until_offered(person)
    now = msgspec.json.decode(await suggest(reflex, person, "--json"), type=Suggestions).now
    assert [step.action for step in now.steps] == ["tasks.sort"]
    assert "not offered again for a day" in await suggest(reflex, person, "dismiss")
    assert await suggest(reflex, person, "off") == "Suggestions are off from now on.\n"
    assert await suggest(reflex, person, "off") == "Suggestions are off already.\n"
    assert "`daimon suggest on`" in await suggest(reflex, person)
    found = msgspec.json.decode(await suggest(reflex, person, "--json"), type=Suggestions)
    assert (found.on, found.now, found.record.dismissed) == (False, None, 1)


async def offered(person: Connection, deed: Awaitable[object]) -> suggestions.SuggestionMade:
    """What is offered once something has been done."""
    wanted = events.of_kind(suggestions.SuggestionMade.kind, person.caller.user)
    async with person.bus.follow(wanted) as made, asyncio.timeout(WITHIN):
        await deed
        found = happening(await made.next())
    assert isinstance(found, suggestions.SuggestionMade)
    return found


async def test_a_command_that_follows_in_the_same_box_is_run_there(reflex, person):
    async def run(command: str) -> None:
        await person.call(sandbox.RUN, sandbox.Run(command=command), timeout=WITHIN)

    for number in range(3):
        await run(f"echo {number} > report.txt")
        await run("cat report.txt")
    made = await offered(person, run("echo 7 > report.txt"))
    assert [step.sentence for step in made.steps] == ["run `cat report.txt`"]
    await suggest(reflex, person, "accept")
    ran = await person.bus.journal.last(events.of_kind(sandbox.CommandRan.kind, person.caller.user))
    assert (ran.event.actor, ran.event.conversation) == ("ghost", "work")
    assert happening(ran.event).excerpt.strip() == "7"


async def test_a_command_in_words_that_follows_is_given_and_answered(reflex, person):
    async def command() -> None:
        ran = await reflex.daimon("do", "what is on my list", "--user", person.caller.user)
        assert ran.code == 0, ran.err

    for number in range(3):
        await person.call(tasks.ADD, tasks.AddTask(title=f"number {number}"))
        await command()
    made = await offered(person, person.call(tasks.ADD, tasks.AddTask(title="one more")))
    assert [step.sentence for step in made.steps] == ['command "what is on my list"']
    answers = events.of_kind(Answered.kind, person.caller.user)
    async with person.bus.follow(answers) as answered, asyncio.timeout(WITHIN):
        await suggest(reflex, person, "accept")
        told = happening(await answered.next())
    assert "one more" in told.text
