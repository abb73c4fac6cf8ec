"""The box of a conversation in a real browser: terminal, jobs, files, network, with and without scripts."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import boxes, events, sandbox
from proto.base import new_id
from tests.browser.conftest import Visitor, say
from tests.browser.test_browser_pages import CONTRAST
from tests.fakes.ollama import Reply


async def begun(system, visitor: Visitor, command: str = "true") -> str:
    """The address of the box of a conversation in which a command has run."""
    conversation = new_id()
    async with connect(system.home.path, visitor.user, conversation) as connection:
        await connection.call(sandbox.RUN, sandbox.Run(command=command), timeout=60)
    return f"/box/{conversation}"


async def test_a_box_is_looked_at_as_it_was(system, visitor):
    here = await begun(system, visitor, "echo first")
    async with connect(system.home.path, visitor.user, here.rpartition("/")[2]) as connection:
        await connection.call(boxes.WRITE, boxes.WriteFile(path="early.txt", text="a"), timeout=60)
        await connection.call(boxes.NETWORK, boxes.SetNetwork(mode="off"), timeout=60)
        last = await connection.bus.journal.last(events.in_conversation(visitor.user, here.rpartition("/")[2]))
        await connection.call(boxes.WRITE, boxes.WriteFile(path="late.txt", text="b"), timeout=60)
        await connection.call(boxes.NETWORK, boxes.SetNetwork(mode="on"), timeout=60)
    page = await visitor.page(f"{here}?as_of={last.sequence}")
    await expect(page.locator(".files")).to_contain_text("early.txt")
    await expect(page.locator(".files")).not_to_contain_text("late.txt")
    await expect(page.locator(".reach")).to_contain_text("Network: off")
    await expect(page.locator(".events")).to_contain_text("Ran `echo first`")
    await expect(page.locator("main form[method=post]")).to_have_count(0)
    await page.goto(f"{here}?as_of=2020-01-01")
    await expect(page.locator("main")).to_contain_text("Nothing had been done in this box yet.")
    await page.get_by_role("link", name="Back to now").click()
    await expect(page.locator(".files")).to_contain_text("late.txt")
    await page.get_by_text("Look back").click()
    await page.get_by_label("The moment to look at").focus()
    await page.keyboard.press("Home")
    await page.wait_for_url("**/box/*?as_of=*")


async def typed(page: Page, line: str) -> None:
    """Type a line to what runs."""
    await page.get_by_label("A line to type").fill(line)
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("A line to type")).to_have_value("")


def screen(page: Page):
    return page.get_by_role("application", name="Terminal")


def paper(page: Page):
    return page.get_by_role("log", name="Output")


async def test_a_terminal_takes_lines_and_buttons_where_there_is_no_keyboard(system, visitor):
    page = await visitor.page(await begun(system, visitor))
    await page.get_by_role("button", name="Open a terminal").click()
    await typed(page, r"printf '\033[1;31mred\033[0m and <b>plain</b> %s\n' $((6*7))")
    await expect(screen(page)).to_contain_text("red and <b>plain</b> 42")
    await expect(screen(page).locator(".bold.f1", has_text="red")).to_have_count(1)
    await expect(screen(page).locator("b")).to_have_count(0)
    await typed(page, "sleep 600; echo slept")
    await page.get_by_role("button", name="Ctrl-C").click()
    await typed(page, "echo back-$((40+2))")
    await expect(screen(page)).to_contain_text("back-42")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("#standing")).to_contain_text("Ended")


async def test_the_output_of_a_job_is_followed_and_the_job_is_fed_and_stopped(system, visitor):
    here = await begun(system, visitor)
    page, beside = await visitor.page(here), await visitor.page(here)
    command = 'echo begun; while read line; do echo "got $line"; done; echo over; sleep 600'
    await page.get_by_label("A command").fill(command)
    await page.get_by_role("button", name="Run as a job").click()
    await expect(paper(page)).to_contain_text("begun")
    await expect(beside.locator(".jobs")).to_contain_text("running")
    await typed(page, "<i>one</i>")
    await expect(paper(page)).to_contain_text("got <i>one</i>")
    await typed(page, "two")
    await expect(paper(page)).to_contain_text("got two")
    assert (await paper(page).inner_text()).count("begun") == 1
    await page.get_by_role("button", name="End of input").click()
    await expect(paper(page)).to_contain_text("over")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("#standing")).to_contain_text("Ended with exit code")
    await expect(beside.locator(".jobs")).to_contain_text("stopped")
    await page.reload()
    await expect(paper(page)).to_contain_text("got two")
    await expect(page.get_by_label("A line to type")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_file_is_written_edited_and_saved(system, visitor, scripts):
    page = await visitor.page(await begun(system, visitor), java_script_enabled=scripts)
    await page.get_by_label("A new text file").fill("notes & more.txt")
    await page.get_by_role("button", name="Write it").click()
    await page.get_by_label("Text of the file").fill("\nfirst\n<b>second</b>")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".numbered li")).to_have_text(["", "first", "<b>second</b>"])
    await page.get_by_label("Text of the file").fill("\nchanged\n")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".numbered li")).to_have_text(["", "changed", ""])
    await page.get_by_role("link", name="Box", exact=True).last.click()
    await expect(page.locator(".files")).to_contain_text("/home/box/notes & more.txt")


async def test_what_somebody_else_wrote_meanwhile_is_not_overwritten_unasked(system, visitor):
    here = await begun(system, visitor, "echo one > shared")
    page = await visitor.page(f"{here}/file?path=shared")
    async with connect(system.home.path, visitor.user, here.removeprefix("/box/")) as connection:
        await connection.call(boxes.WRITE, boxes.WriteFile(path="shared", text="the model's"))
    await page.get_by_label("Text of the file").fill("mine")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#notices")).to_contain_text("changed meanwhile")
    await expect(page.locator(".numbered")).to_contain_text("the model's")
    await expect(page.get_by_label("Text of the file")).to_have_value("mine")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".numbered")).to_have_text("mine")


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_file_is_uploaded_and_fetched_again(system, visitor, scripts):
    page = await visitor.page(await begun(system, visitor), java_script_enabled=scripts)
    content = b"\x00\x01binary"
    await page.get_by_label("A file from this device").set_input_files(
        {"name": "data.bin", "mimeType": "application/octet-stream", "buffer": content}
    )
    await page.get_by_role("button", name="Upload").click()
    await expect(page.locator(".files")).to_contain_text("/data/data.bin")
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Download /data/data.bin").click()
    assert await asyncio.to_thread((await (await coming.value).path()).read_bytes) == content
    await page.get_by_role("link", name="/data/data.bin", exact=True).click()
    await expect(page.locator("main")).to_contain_text("This is no text")
    await expect(page.get_by_label("Text of the file")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_network_is_set_with_its_hosts(system, visitor, scripts):
    page = await visitor.page(await begun(system, visitor), java_script_enabled=scripts)
    await expect(page.locator(".reach")).to_contain_text("Network: on")
    await page.get_by_label("Allow-list: only").check()
    await page.get_by_label("Hosts of the allow-list").fill("not a host!")
    await page.get_by_role("button", name="Set the network").click()
    await expect(page.locator("#notices")).to_contain_text("A host is written as")
    await expect(page.get_by_label("Hosts of the allow-list")).to_have_value("not a host!")
    await page.get_by_label("Allow-list: only").check()
    await page.get_by_label("Hosts of the allow-list").fill("example.org, *.example.net:8443")
    await page.get_by_role("button", name="Set the network").click()
    await expect(page.locator(".reach")).to_contain_text("allow-list example.org, *.example.net:8443")
    await page.get_by_label("Off: nothing").check()
    await page.get_by_role("button", name="Set the network").click()
    await expect(page.locator(".reach")).to_have_text("Network: off")
    await page.goto("/timeline?noun=sandbox")
    await expect(page.locator(".events")).to_contain_text("The network of the box is off (before: allow-list)")


def opening(body):
    """A model that asks for a host, then says what came of it."""
    if body["messages"][-1]["role"] == "tool":
        return Reply(text="It is open.")
    return Reply(calls=(("sandbox_network", {"mode": "allow-list", "hosts": ["example.org"]}),))


async def test_a_network_that_the_model_asks_for_waits_for_a_word_and_is_then_shown(visitor, script):
    script(opening)
    page = await visitor.page()
    await say(page, "let the box reach example.org alone")
    await expect(page.get_by_label("Arguments, which you may change")).to_have_value(re.compile("example.org"))
    beside = await page.context.new_page()
    await beside.goto("/box")
    await expect(beside.locator(".reach")).to_have_text("Network: on")
    await page.get_by_role("button", name="Allow", exact=True).click()
    await expect(page.locator("main")).to_contain_text("It is open.")
    await expect(beside.locator(".reach")).to_have_text("Network: allow-list example.org")
    await beside.get_by_role("button", name="Open a terminal").click()
    await expect(screen(beside)).to_contain_text("$")
    await beside.keyboard.type("curl -sS http://example.net:8080/\n")
    await expect(screen(beside)).to_contain_text("example.net:8080 is not on this box's list")


async def test_hostile_names_and_contents_stay_text(system, visitor):
    name = '<img src=x onerror=alert(1)> "&amp;" %2e%2e?#'
    here = await begun(system, visitor, f"printf '</textarea><script>alert(2)</script>' > '{name}'")
    page = await visitor.page(here)
    await page.get_by_role("link", name=f"/home/box/{name}", exact=True).click()
    await expect(page.locator("h1")).to_have_text(f"/home/box/{name}")
    await expect(page.get_by_label("Text of the file")).to_have_value("</textarea><script>alert(2)</script>")
    assert visitor.complaints == []


async def test_the_box_of_another_is_not_found(system, visitor, chromium):
    here = await begun(system, visitor, "echo secret > mine; sleep 0.1")
    other = Visitor(system, chromium)
    page = await other.page()
    for path in (here, f"{here}/file?path=mine", f"{here}/file?path=mine&fetch=1", f"{here}/jobs/abc"):
        response = await page.goto(path)
        assert response.status == 404
        await expect(page.locator("main")).to_contain_text("There is no such box")
    await other.leave()


async def test_the_chat_leads_to_its_box(visitor):
    page = await visitor.page()
    await page.fill("#message", "run echo made > kept.txt")
    await page.press("#message", "Enter")
    await expect(page.locator(".tool.done")).to_have_count(1)
    await page.reload()
    await page.locator("main").get_by_role("link", name="Box", exact=True).click()
    await expect(page.locator(".files")).to_contain_text("/home/box/kept.txt")
    conversation = page.url
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Box", exact=True).click()
    await expect(page).to_have_url(conversation)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_and_every_colour_of_a_terminal_can_be_read(system, visitor, scheme):
    here = await begun(system, visitor, "echo one > two")
    page = await visitor.page(here, color_scheme=scheme, reduced_motion="reduce")
    assert await page.evaluate(CONTRAST) == []
    await page.get_by_role("link", name="/home/box/two", exact=True).click()
    assert await page.evaluate(CONTRAST) == []
    await page.goto(page.url.partition("/file")[0])
    await page.get_by_role("button", name="Open a terminal").click()
    colours = "{30..37} {90..97} {40..47} {100..107} 7 2 30\\;{41..47}"
    await typed(page, f"for c in {colours}; do printf '\\033[%smon-%s\\033[0m\\n' $c ${{c#*;}}; done")
    await expect(screen(page)).to_contain_text("on-47")
    assert await page.evaluate(CONTRAST) == []
    await expect(page.get_by_role("button", name="Ctrl-C")).to_be_in_viewport()
    await expect(screen(page).locator(".cursor")).to_be_in_viewport()


async def test_it_fits_a_phone(system, visitor):
    here = await begun(system, visitor, "echo " + "x" * 500 + " > long; touch " + "y" * 200)
    page = await visitor.page(here, viewport={"width": 360, "height": 740})
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert await page.evaluate(fits)
    await page.goto(f"{here}/file?path=long")
    assert await page.evaluate(fits)
    await page.goto(here)
    await page.get_by_role("button", name="Open a terminal").click()
    await typed(page, "cat long")
    await expect(screen(page)).to_contain_text("xxxx")
    assert await page.evaluate(fits)
