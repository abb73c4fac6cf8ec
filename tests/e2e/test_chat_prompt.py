"""`daimon chat` at a terminal: a real pseudo-terminal, keys and all."""

from __future__ import annotations

import pytest

from proto.base import new_id
from tests.fakes.ollama import FakeOllama, Reply, act
from tests.support.terminal import CTRL_C, CTRL_D, Terminal, terminal
from tests.support.whole import Whole


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def test_a_talk_goes_line_by_line_until_ctrl_d(scripted: Whole, ada: str) -> None:
    async with terminal(Terminal, scripted, "chat", "--user", ada, "--conversation", "talk") as shown:
        await shown.shows("Ctrl-D leaves")
        await shown.shows("> ")
        shown.type("hello\n")
        await shown.shows("You said: hello")
        await shown.shows("> ")
        shown.type("add buy milk to my list\n")
        await shown.shows("→ tasks.add")
        await shown.shows("Added task 'buy milk'")
        await shown.shows("> ")
        shown.type(CTRL_D)
        await shown.shows("daimon chat --conversation talk")
        assert await shown.process.wait() == 0


async def test_ctrl_c_stops_the_answer_and_the_talk_goes_on(
    scripted: Whole, model_server: FakeOllama, ada: str
) -> None:
    async with terminal(Terminal, scripted, "chat", "--user", ada) as shown:
        model_server.script = lambda _: Reply(text=tuple(f"{n}, " for n in range(10_000)), rate=200)
        try:
            await shown.shows("> ")
            shown.type("count\n")
            await shown.shows("3, 4, 5")
            shown.type(CTRL_C)
            await shown.shows("> ")
        finally:
            model_server.script = act
        shown.type("hello\n")
        await shown.shows("You said: hello")
        await shown.shows("> ")
        shown.type(CTRL_D)
        assert await shown.process.wait() == 0


@pytest.mark.parametrize(("variables", "dim"), [({}, True), ({"NO_COLOR": "1"}, False)])
async def test_colours_are_for_terminals_that_want_them(
    reflex: Whole, ada: str, variables: dict[str, str], dim: bool
) -> None:
    async with terminal(Terminal, reflex, "tasks", "--user", ada, **variables) as shown:
        await shown.shows("Nothing is on the list")
        await shown.shows("puts something there.")
        assert await shown.process.wait() == 0
        assert shown.seen.startswith("\033[0m") is dim
