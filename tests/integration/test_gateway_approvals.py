"""A call that waits for a person, on the page: the card in every tab, with the exact arguments, answered once."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from proto import approvals, tasks
from tests.fakes.ollama import act

pytest_plugins = ("tests.integration.gateway_fixtures",)
HERE = "/chat/desk"


class Desk:
    """A browser, another tab on the same conversation, and what the list has."""

    def __init__(self, browser, stream, front, caller) -> None:
        self.browser = browser
        self.stream = stream
        self._front = front
        self.caller = caller

    async def titles(self) -> list[str]:
        found = await self._front.cli.call(tasks.LIST, tasks.ListTasks(), caller=self.caller)
        return [task.title for task in found.tasks]

    async def ask(self) -> tuple[str, str]:
        """Have the model ask; returns where the card posts to and the arguments that it shows."""
        await self.browser.post(HERE, htmx=False, text="add buy milk to my list")
        await self.stream.until("May this run?")
        return card(self.stream.seen)


def card(page: str) -> tuple[str, str]:
    where = re.search(r'action="(/approvals/[^"]+)"', page)
    shown = re.search(r'name="arguments"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert where
    assert shown
    return where[1], unescape(shown[1])


@pytest.fixture
async def desk(browser, front, ada, script):
    script(act)
    await front.cli.call(approvals.SET, approvals.SetRule(action="tasks.add", rule="ask"), caller=ada)
    async with browser.live(conversation="desk") as stream:
        yield Desk(browser, stream, front, ada)


async def test_the_card_shows_the_exact_arguments_and_allow_runs_them(desk):
    where, shown = await desk.ask()
    assert json.loads(shown) == {"title": "buy milk"}
    assert await desk.titles() == []
    assert card(await desk.browser.page(HERE))[0] == where, "a page that is opened later has the card too"
    assert (await desk.browser.post(where, answer="allow", arguments=shown)).status_code == 200
    await desk.stream.until("Done:")
    assert await desk.titles() == ["buy milk"]
    assert "May this run?" not in await desk.browser.page(HERE)


async def test_without_javascript_the_form_leads_back_and_edited_arguments_run(desk):
    where, _ = await desk.ask()
    answered = await desk.browser.post(where, htmx=False, answer="allow", arguments='{"title": "oats"}', back=HERE)
    assert (answered.status_code, answered.headers["location"]) == (303, HERE)
    await desk.stream.until("Done:")
    assert await desk.titles() == ["oats"]


async def test_deny_refuses_and_a_second_answer_is_told_so(desk):
    where, shown = await desk.ask()
    await desk.browser.post(where, answer="deny", arguments=shown)
    await desk.stream.until("did not allow")
    again = await desk.browser.post(where, answer="allow", arguments=shown)
    assert again.status_code == 412
    assert "answered already" in again.text
    assert await desk.titles() == []


async def test_a_program_with_an_api_key_cannot_answer_for_the_person(desk, front):
    where, _ = await desk.ask()
    program = await front.program(desk.caller.user)
    assert (await program.post(where, data={"answer": "allow"})).status_code in (303, 401, 403)
    assert await desk.titles() == []
    assert "May this run?" in await desk.browser.page(HERE)


async def test_the_actions_page_shows_the_rule_and_changes_it(desk):
    page = await desk.browser.page("/mind/actions")
    assert '<option value="ask" selected>' in page
    await desk.browser.post("/actions/tasks.add/rule", htmx=False, rule="default")
    assert '<option value="ask" selected>' not in await desk.browser.page("/mind/actions")
    await desk.browser.post(HERE, htmx=False, text="add buy milk to my list")
    await desk.stream.until("Done:")
    assert await desk.titles() == ["buy milk"]
