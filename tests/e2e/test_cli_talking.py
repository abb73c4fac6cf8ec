"""Talking at a terminal: what happens meanwhile is told above the line, and no letter of it is lost."""

from __future__ import annotations

import asyncio

import pytest

from daimon.connection import connect
from proto.base import new_id
from tests.support.habits import keep_habit, until_offered
from tests.support.screen import Shown, on_screen
from tests.support.terminal import ROWS
from tests.support.whole import Whole


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def tell(whole: Whole, user: str, word: str) -> None:
    """Have a command done elsewhere, whose outcome is a notice."""
    ran = await whole.daimon("do", f"add {word} to my list", "--user", user)
    assert ran.code == 0, ran.err


def told(shown: Shown, words: str) -> bool:
    return any(words in line for line in shown.lines)


async def test_a_notice_stands_above_the_line_that_is_typed(reflex: Whole, ada: str) -> None:
    async with on_screen(reflex, "chat", "--user", ada) as shown:
        await shown.until(lambda: shown.here == "> ")
        shown.type("add brexa\x1b[D")
        await shown.until(lambda: shown.here == "> add brex")
        for word in ("milk", "soap"):
            await tell(reflex, ada, word)
            await shown.until(lambda word=word: told(shown, f"Added task '{word}'"))
            assert shown.here == "> add brex"
        shown.type("\x7f\x1b[Cd to my list\r")
        await shown.until(lambda: told(shown, "Added task 'bread'"))


async def test_a_notice_at_the_bottom_of_the_screen_moves_everything_up(reflex: Whole, ada: str) -> None:
    async with on_screen(reflex, "chat", "--user", ada) as shown:
        await shown.until(lambda: shown.here == "> ")
        shown.type("\r" * ROWS + "half")
        await shown.until(lambda: shown.here == "> half" and shown.lines[-1] == "> half")
        await tell(reflex, ada, "milk")
        await shown.until(lambda: told(shown, "Added task 'milk'"))
        assert shown.lines[-1] == "> half"
        assert "milk" in shown.lines[-2]


async def test_what_came_while_the_line_was_too_long_is_told_before_the_next(reflex: Whole, ada: str) -> None:
    async with on_screen(reflex, "chat", "--user", ada) as shown:
        await shown.until(lambda: shown.here == "> ")
        shown.type("x" * 150)
        await shown.until(lambda: sum(line.count("x") for line in shown.lines) == 150)
        await tell(reflex, ada, "milk")
        await tell(reflex, ada, "soap")
        assert not told(shown, "Added task")
        shown.type("\x15\r")
        await shown.until(lambda: told(shown, "Added task 'milk'") and told(shown, "Added task 'soap'"))


async def test_what_the_ghost_offers_is_accepted_by_a_word(reflex: Whole, ada: str) -> None:
    async with connect(reflex.home.path, ada) as person, on_screen(reflex, "chat", "--user", ada) as shown:
        await shown.until(lambda: shown.here == "> ")
        await keep_habit(person)
        await until_offered(person)
        await shown.until(lambda: told(shown, "Shall the ghost sort the list by title?"))
        shown.type("/accept\r")
        await shown.until(lambda: told(shown, "Sorted the list, by title") and shown.here == "> ")
        shown.type("\x04")
        async with asyncio.timeout(20):
            assert await shown.process.wait() == 0
