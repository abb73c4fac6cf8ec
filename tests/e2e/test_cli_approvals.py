"""A person's word from the command line, against a whole running system."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from proto.approvals import Approvals, Question
from proto.base import new_id
from tests.support.whole import WITHIN, Whole, end


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def waiting(whole: Whole, user: str) -> Question:
    """Wait until something waits for the user's word."""
    async with asyncio.timeout(WITHIN):
        while True:
            listed = await whole.daimon("approvals", "--json", "--user", user)
            if found := msgspec.json.decode(listed.out, type=Approvals).waiting:
                return found[0]


@pytest.mark.parametrize(
    ("words", "out", "tasks"),
    [
        (("approve",), 'Allowed tasks.add {"title":"buy milk"}\n', "  1  [ ]  buy milk\n"),
        (("approve", "--edit", '{"title": "oats"}'), 'Allowed tasks.add {"title":"oats"}\n', "  1  [ ]  oats\n"),
        (("deny",), "Refused tasks.add\n", ""),
    ],
    ids=["approve", "edit", "deny"],
)
async def test_a_command_waits_for_the_word_that_another_terminal_gives(
    reflex: Whole, ada: str, words: tuple[str, ...], out: str, tasks: str
) -> None:
    chosen = await reflex.daimon("approvals", "set", "tasks.add", "ask", "--user", ada)
    assert chosen.out == "tasks.add: ask\n"
    doing = await reflex.start("-m", "daimon", "do", "add buy milk to my list", "--user", ada)
    try:
        question = await waiting(reflex, ada)
        assert (question.action, question.arguments) == ("tasks.add", '{"title":"buy milk"}')
        verb, *more = words
        said = await reflex.daimon(verb, question.id, *more, "--user", ada)
        assert (said.code, said.out) == (0, out)
        async with asyncio.timeout(WITHIN):
            _, remarks = await doing.communicate()
        assert f"daimon approve {question.id}" in remarks.decode()
    finally:
        await end(doing)
    assert (await reflex.daimon("tasks", "--user", ada)).out.replace("Your list is empty.\n", "") == tasks
    late = await reflex.daimon("approve", question.id, "--user", ada)
    assert (late.code, late.out) == (1, "")
    assert "answered already" in late.err
