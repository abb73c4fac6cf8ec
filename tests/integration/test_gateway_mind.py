"""The pages of what runs: the picture, the form that tries an action, rights, and models for an owner."""

from __future__ import annotations

import asyncio
import re

import pytest

from proto import accounts, approvals, events, tasks
from proto.permissions import of
from tests.fakes.ollama_lines import dumps
from tests.integration.gateway_parts import Browser, Front

pytest_plugins = ("tests.integration.gateway_fixtures",)

WITHIN = 30.0


@pytest.fixture
async def owner(front: Front, ada) -> Browser:
    browser = await front.browser(ada.user)
    await front.cli.call(accounts.CHANGE_ACCOUNT, accounts.ChangeAccount(user=ada.user, role="owner"))
    return browser


async def titles(front: Front, ada) -> list[str]:
    return [task.title for task in (await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)).tasks]


async def test_the_picture_has_what_runs_and_what_is_missing(front, browser):
    running = {"tasks", "ui", "llm", "gateway"}
    async with asyncio.timeout(WITHIN):
        while running & (away := set(re.findall(r'class="away">\s*<title>(\w+): does', await browser.page("/mind")))):
            pass
    assert {"memory", "sandbox"} <= away
    page = await browser.page("/mind")
    assert re.search(r">1 . 0\.1\.0<", page)
    assert re.search(r"<td><code>daimon\.svc\.ui\.\w+</code></td>", page)


async def test_an_action_is_tried_in_the_name_of_whoever_is_signed_in(front, browser, ada):
    page = await browser.page("/mind/actions/tasks.add")
    assert 'name="arg.title"' in page
    answer = await browser.post("/mind/actions/tasks.add", htmx=False, **{"arg.title": "buy <milk>"})
    assert answer.status_code == 200
    assert "Added task &#39;buy &lt;milk&gt;&#39;" in answer.text
    assert await titles(front, ada) == ["buy <milk>"]
    last = await front.cli.journal.last(events.of_noun("task", ada.user))
    assert last.event.actor == "user"


@pytest.mark.parametrize(("action", "typed", "sentence"), [
    ("tasks.move", {"arg.task": "1", "arg.position": "first"}, "position takes a whole number"),
    ("tasks.add", {}, "tasks.add does not take this"),
    ("tasks.add", {"arg.title": "x" * 501}, "tasks.add does not take this"),
])  # fmt: skip
async def test_what_is_wrong_is_said_and_what_was_typed_stays(browser, action, typed, sentence):
    answer = await browser.post(f"/mind/actions/{action}", htmx=False, **typed)
    assert 400 <= answer.status_code < 500
    assert sentence in answer.text
    for text in typed.values():
        assert text in answer.text
    assert "data-move=" not in await browser.page("/tasks")


async def test_a_rule_to_ask_first_asks_on_the_page(front, browser, ada):
    await front.cli.call(approvals.SET, approvals.SetRule(action="tasks.add", rule="ask"), caller=ada)
    asked = await browser.post("/mind/actions/tasks.add", htmx=False, **{"arg.title": "buy milk"})
    assert "May this run?" in asked.text
    assert "buy milk" in asked.text
    assert await titles(front, ada) == []
    done = await browser.post("/mind/actions/tasks.add", htmx=False, sure="1", **{"arg.title": "buy milk"})
    assert "Added task" in done.text
    assert await titles(front, ada) == ["buy milk"]


async def test_a_rule_that_refuses_holds_for_the_form_too(front, browser, ada):
    await front.cli.call(approvals.SET, approvals.SetRule(action="tasks.add", rule="deny"), caller=ada)
    answer = await browser.post("/mind/actions/tasks.add", htmx=False, sure="1", **{"arg.title": "buy milk"})
    assert answer.status_code == 403
    assert "change that rule" in answer.text
    assert await titles(front, ada) == []


async def test_an_action_that_does_not_run_has_no_form(browser):
    await browser.page("/mind/actions/nothing.at_all", status=404)


async def test_a_guest_looks_and_runs_nothing(front, browser, ada):
    await front.cli.call(accounts.CHANGE_ACCOUNT, accounts.ChangeAccount(user=ada.user, role="guest"))
    for path in ("/mind", "/mind/actions", "/mind/actions/tasks.add", "/mind/models", "/mind/rights"):
        page = await browser.page(path)
        assert "Run it" not in page
        assert "Download</button>" not in page
    answer = await browser.post("/mind/actions/tasks.add", htmx=False, **{"arg.title": "buy milk"})
    assert answer.status_code == 403
    assert await titles(front, ada) == []


async def test_beside_the_rights_stands_what_a_unit_is_held_to(browser):
    page = await browser.page("/mind/rights?of=sandbox")
    boxes, others = page.split('id="of-sandbox"')[1].split("</section>")[0], page.split('id="of-ui"')[1]
    assert "exposed 2.4 of 10" in boxes
    assert "makes namespaces, of which it builds boxes" in boxes
    assert "<code>ProtectSystem=strict</code>" in boxes
    assert "exposed 1.1 of 10" in others
    assert "reaches this machine alone" in others
    assert "which it is not here" in others


async def test_the_rights_are_those_that_the_broker_is_given(browser):
    page = await browser.page("/mind/rights?of=tasks")
    for subject in (*of("tasks").publish, *of("tasks").subscribe):
        assert f"<code>{subject.replace('>', '&gt;')}</code>" in page
    assert "may use every action as model" in page


async def test_a_model_is_downloaded_with_progress_and_stopped(front, owner, model_server):
    async def endless(_):
        yield dumps({"status": "pulling", "digest": "sha256:8eeb", "total": 100, "completed": 40})
        await asyncio.get_running_loop().create_future()

    usual = model_server.routes["POST", "/api/pull"]
    model_server.routes["POST", "/api/pull"] = endless
    try:
        assert (await owner.post("/mind/models", htmx=False, model="big")).status_code == 303
        async with asyncio.timeout(WITHIN):
            while 'value="40"' not in (page := await owner.page("/mind/models?whole=1")):
                pass
            assert 'hx-trigger="every 2s"' in page
            await owner.post("/mind/models/cancel", htmx=False, model="big")
            while "<progress" in (page := await owner.page("/mind/models?whole=1")):
                pass
        assert "Stopped downloading the model big" in page
    finally:
        model_server.routes["POST", "/api/pull"] = usual


async def test_a_model_is_got_chosen_and_removed(front, owner):
    await owner.post("/mind/models", htmx=False, model="fresh")
    async with asyncio.timeout(WITHIN):
        while 'value="fresh:latest"' not in await owner.page("/mind/models?whole=1"):
            pass
    await owner.post("/mind/models/use", htmx=False, model="fresh:latest")
    assert re.search(r"fresh:latest</strong> <span class=\"tag why\">answers", await owner.page("/mind/models?whole=1"))
    await owner.post("/mind/models/use", htmx=False, model="")
    removed = await owner.post("/mind/models/delete", htmx=False, model="fresh:latest")
    assert removed.status_code == 303, removed.text
    async with asyncio.timeout(WITHIN):
        while "fresh:latest</strong>" in await owner.page("/mind/models?whole=1"):
            pass


@pytest.mark.parametrize("name", ["", "two words", "../x;y", "x" * 300])
async def test_a_name_that_is_none_is_refused_in_a_sentence(owner, name):
    answer = await owner.post("/mind/models", htmx=False, model=name)
    assert 400 <= answer.status_code < 500
    assert "That is no name of a model" in answer.text


async def test_a_member_gets_and_removes_no_model(browser):
    page = await browser.page("/mind/models?whole=1")
    assert "Only an owner" in page
    for path in ("/mind/models", "/mind/models/cancel", "/mind/models/delete"):
        assert (await browser.post(path, htmx=False, model="fresh")).status_code == 403
