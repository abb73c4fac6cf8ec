"""Versions of a conversation on its page: made and walked with plain forms, and live in every tab."""

from __future__ import annotations

import re

import pytest

from tests.fakes.ollama import Reply, echo

pytest_plugins = ("tests.integration.gateway_fixtures",)
SAID = re.compile(r'<div class="said" tabindex="0">(.*?)</div>')


def turns(page: str) -> list[str]:
    return re.findall(r'<article class="turn[^"]*" id="turn-([^"]+)"', page)


class Tab:
    """One browser without JavaScript, and another tab that is open on the same conversation."""

    def __init__(self, browser, stream, conversation: str) -> None:
        self.browser = browser
        self.stream = stream
        self.here = f"/chat/{conversation}"

    async def say(self, text: str) -> str:
        await self.browser.post(self.here, htmx=False, text=text)
        return await self.settled(text)

    async def press(self, turn: str, **form: str) -> int:
        """Press a button below a turn; returns where the page then leads."""
        self.stream.seen = ""
        return (await self.browser.post(f"{self.here}/turns/{turn}", htmx=False, **form)).status_code

    async def settled(self, asked: str) -> str:
        """Wait until the other tab shows the answer to a question; returns the id of its turn."""
        await self.stream.until(f"You said: {asked}</p>")
        return turns(await self.page())[-1]

    async def page(self) -> str:
        return await self.browser.page(self.here)

    async def reads(self) -> list[str]:
        return SAID.findall(await self.page())


@pytest.fixture
async def tab(browser, script):
    script(echo)
    async with browser.live(conversation="tree") as stream:
        yield Tab(browser, stream, "tree")


async def test_a_question_is_edited_by_a_form_and_the_other_tab_turns_with_it(tab):
    first = await tab.say("red")
    await tab.say("more")
    assert await tab.press(first, do="edit", text="blue") == 303
    edited = await tab.settled("blue")
    assert await tab.reads() == ["blue"]
    assert 'hx-swap-oob="innerHTML:#settled"' in tab.stream.seen, "what the tab showed before is taken away"
    assert "2 of 2" in tab.stream.seen
    assert await tab.press(edited, show=first) == 303
    await tab.stream.until("You said: more</p>", "1 of 2")
    assert await tab.reads() == ["red", "more"]


async def test_regenerate_and_branch_work_below_any_answer(tab):
    first = await tab.say("red")
    second = await tab.say("green")
    await tab.press(second, do="regenerate")
    await tab.stream.until("2 of 2", "You said: green</p>")
    await tab.press(first, do="branch")
    await tab.stream.until("begins a branch here")
    assert await tab.reads() == ["red"]
    assert "begins a branch here" in await tab.page()
    tab.stream.seen = ""
    await tab.say("violet")
    assert await tab.reads() == ["red", "violet"]
    assert "3 of 3" in tab.stream.seen
    assert "begins a branch here" not in await tab.page()


async def test_only_an_answer_that_broke_off_can_be_continued(tab, script):
    turn = await tab.say("red")
    assert 'value="continue"' not in await tab.page()
    assert await tab.press(turn, do="continue") == 400
    script(lambda _: Reply(text="one two", reason="length"))
    await tab.browser.post(tab.here, htmx=False, text="count")
    await tab.stream.until("no room for the rest")
    script(lambda _: Reply(text=" three"))
    cut = turns(await tab.page())[-1]
    assert 'value="continue"' in await tab.page()
    await tab.press(cut, do="continue")
    await tab.stream.until("one two three</p>")


async def test_a_form_that_asks_for_nothing_known_is_refused(tab):
    turn = await tab.say("red")
    assert await tab.press(turn, do="destroy") == 400
    assert await tab.press("nowhere", do="regenerate") == 404
    assert await tab.reads() == ["red"]


async def test_strangers_do_not_reach_anothers_versions(front, tab):
    turn = await tab.say("secret")
    bob = await front.browser("bob-of-versions")
    for form in ({"do": "regenerate"}, {"show": turn}, {"do": "branch"}, {"do": "edit", "text": "x"}):
        response = await bob.post(f"{tab.here}/turns/{turn}", htmx=False, **form)
        assert response.status_code == 404, form
    assert await tab.reads() == ["secret"]


async def test_what_the_model_saw_is_a_page_of_every_turn(tab):
    turn = await tab.say("red")
    assert f"{tab.here}/turns/{turn}/seen" in await tab.page()
    shown = await tab.browser.page(f"{tab.here}/turns/{turn}/seen")
    assert "You are Daimon, an assistant" in shown
    assert ">red</pre>" in shown
    assert "tasks.add" in shown
    await tab.browser.page(f"{tab.here}/turns/{turn}/seen?step=7", status=404)


async def test_a_conversation_is_renamed_and_exported_from_its_page(tab):
    await tab.say("red")
    assert (await tab.browser.post(f"{tab.here}/title", htmx=False, title=" My  colours ")).status_code == 303
    assert "My colours · Daimon</title>" in await tab.page()
    assert (await tab.browser.post(f"{tab.here}/title", htmx=False, title="  ")).status_code == 400
    for form, kind, words in (("markdown", "text/markdown", "# My colours"), ("json", "application/json", '"reads"')):
        response = await tab.browser.client.get(f"{tab.here}/export/{form}")
        assert response.headers["content-type"].startswith(kind)
        assert "attachment" in response.headers["content-disposition"]
        assert words in response.text
    await tab.browser.page(f"{tab.here}/export/exe", status=404)


async def test_strangers_do_not_see_or_export_anothers_conversation(front, tab):
    turn = await tab.say("secret")
    bob = await front.browser("bob-of-exports")
    for path in (f"turns/{turn}/seen", f"turns/{turn}/answer", "export/markdown", "export/json"):
        assert "secret" not in await bob.page(f"{tab.here}/{path}", status=404)
    assert (await bob.post(f"{tab.here}/title", htmx=False, title="mine")).status_code == 404
