"""The terminal of a box in a real browser: keys as they are pressed, programs with a screen, sizes, two pages."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import events
from proto.kinds import happening
from proto.sandbox import CommandRan
from tests.browser.conftest import Visitor
from tests.browser.test_browser_box import begun, screen


@pytest.fixture
async def page(system, visitor: Visitor) -> Page:
    """A terminal that has been opened; its screen has the focus."""
    return await opened(await visitor.page(await begun(system, visitor)))


async def opened(page: Page) -> Page:
    await page.get_by_role("button", name="Open a terminal").click()
    await expect(screen(page)).to_be_focused()
    await expect(screen(page)).to_contain_text("$")
    return page


async def keys(page: Page, text: str) -> None:
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def prompted(page: Page, after: str = "") -> None:
    """Wait for the shell's prompt: what is typed before it would go to the program that is about to end."""
    await expect(screen(page)).to_contain_text(re.compile(rf"{after}[^$]*\$\s*$"))


async def size(page: Page, mark: str) -> tuple[int, int]:
    """What a program believes that the screen measures."""
    await keys(page, f"echo {mark}:$(stty size)")
    found = re.compile(rf"{mark}:(\d+) (\d+)")
    await expect(screen(page)).to_contain_text(found)
    rows, columns = found.findall(await screen(page).inner_text())[-1]
    return int(rows), int(columns)


async def test_a_python_prompt_is_typed_into_key_by_key(page):
    await keys(page, "python3")
    await expect(screen(page)).to_contain_text(">>>")
    await keys(page, "6 * 7 + 0.5")
    await expect(screen(page)).to_contain_text("42.5")
    await page.keyboard.type("'wrong'")
    for _ in range(6):
        await page.keyboard.press("Backspace")
    await keys(page, "right'.upper()")
    await expect(screen(page)).to_contain_text("'RIGHT'")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(screen(page).get_by_text("42.5")).to_have_count(2)
    await page.keyboard.press("Control+d")
    await prompted(page)
    await keys(page, "echo left-$((1+1))")
    await expect(screen(page)).to_contain_text("left-2")


async def test_top_runs_with_its_screen_and_quits_with_a_key(page):
    await keys(page, "echo before; top -d 1")
    await expect(screen(page)).to_contain_text("load average")
    await expect(screen(page)).to_contain_text("COMMAND")
    await expect(screen(page).locator(".inverse").first).to_be_visible()
    await page.keyboard.press("q")
    await prompted(page)
    await keys(page, "echo after-$((1+1))")
    await expect(screen(page)).to_contain_text("after-2")


async def test_a_pager_moves_and_gives_the_screen_back(page):
    await keys(page, "seq 1 500 > numbers; echo kept; clear; echo here; less numbers")
    await expect(screen(page).locator("#row-0")).to_have_text("1\n")
    await page.keyboard.press("PageDown")
    await expect(screen(page).locator("#row-0")).not_to_have_text("1\n")
    await page.keyboard.press("Shift+G")
    await expect(screen(page)).to_contain_text("500")
    await page.keyboard.press("q")
    await expect(screen(page).locator("#row-0")).to_have_text("here\n")


VIM = "vim -N -u NONE -i NONE"
STAND_IN = """
import curses, sys
def edit(screen):
    text, insert = "", False
    while True:
        screen.erase()
        screen.addstr(0, 0, text)
        screen.addstr(curses.LINES - 1, 0, "-- INSERT --" if insert else "written" if text else "")
        key = screen.get_wch()
        if key == chr(27): insert = False
        elif insert: text += "\\n" if key in ("\\r", "\\n") else key
        elif key == "i": insert = True
        elif key == ":":
            while (key := screen.get_wch()) not in ("\\r", "\\n"):
                if key == "w": open(sys.argv[1], "w").write(text + "\\n")
                if key == "q": return
curses.wrapper(edit)
"""
"""What an editor does with keys and screen, where the machine has none."""


async def test_a_text_is_written_in_an_editor_saved_and_lies_among_the_files(page, system):
    await keys(page, f"cat > ~/stand_in.py <<'END'\n{STAND_IN}END")
    await keys(page, f"command -v vim > has && editor='{VIM}' || editor='python3 stand_in.py'; clear; echo shell")
    await keys(page, "$editor letter.txt")
    await expect(screen(page)).not_to_contain_text("shell")
    await page.keyboard.press("i")
    await expect(screen(page)).to_contain_text("INSERT")
    await page.keyboard.type("Dear Ada,")
    await page.keyboard.press("Enter")
    await page.keyboard.type("<b>it</b> is fine")
    await expect(screen(page).locator("#row-1")).to_have_text("<b>it</b> is fine\n")
    await page.keyboard.press("Escape")
    await expect(screen(page)).not_to_contain_text("INSERT")
    await keys(page, ":w")
    await expect(screen(page)).to_contain_text("written")
    beside = await page.context.new_page()
    await beside.goto(page.url.partition("/jobs")[0])
    await beside.get_by_role("link", name="/home/box/letter.txt", exact=True).click()
    await expect(beside.get_by_label("Text of the file")).to_have_value("Dear Ada,\n<b>it</b> is fine\n")
    await keys(page, ":q")
    # The screen of before is given back.
    await expect(screen(page)).to_contain_text("shell")
    await expect(screen(page)).not_to_contain_text("Dear Ada")


async def test_an_interrupt_is_a_key_and_text_is_pasted(page, visitor):
    await keys(page, "sleep 600; echo sle''pt")
    await page.keyboard.press("Control+c")
    await prompted(page, after=r"\^C")
    await page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "echo pasted-$((20+2))");
          const pasted = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          document.getElementById("screen").dispatchEvent(pasted);
        }"""
    )
    await expect(screen(page)).to_contain_text("echo pasted-")
    await page.keyboard.press("Enter")
    await expect(screen(page)).to_contain_text("pasted-22")
    await expect(screen(page)).not_to_contain_text("slept")


async def test_colours_are_classes_and_what_scrolls_off_stays_above(page):
    await keys(page, r"printf '\033[1;32mgreen\033[0m \033[48;5;196mred\033[0m\n'; seq 1 300")
    await expect(screen(page).locator("#back .bold.f2")).to_have_text("green")
    await expect(screen(page).locator("#back .b9")).to_have_text("red")
    await expect(screen(page).locator("#back")).to_contain_text("100\n101\n102\n")
    await prompted(page, after="300")
    text = await screen(page).inner_text()
    assert re.findall(r"^(?:299|300)$", text, re.MULTILINE) == ["299", "300"]


async def test_the_screen_takes_the_size_of_the_page(page):
    rows, columns = await size(page, "wide")
    await page.set_viewport_size({"width": 700, "height": 900})
    await expect(screen(page).locator("#rows > span")).not_to_have_count(rows)
    narrow_rows, narrow_columns = await size(page, "narrow")
    assert narrow_rows > rows
    assert narrow_columns < columns
    await expect(screen(page).locator("#rows > span")).to_have_count(narrow_rows)
    await keys(page, "printf '%*s\\n' $(tput cols) end")
    await expect(screen(page)).to_contain_text(f"{' ' * (narrow_columns - 3)}end")


async def test_two_pages_see_the_same_and_one_that_comes_later_sees_all(page, visitor):
    beside = await page.context.new_page()
    await beside.goto(page.url)
    await keys(page, "echo seen-$((1+1))")
    await expect(screen(beside)).to_contain_text("seen-2")
    await beside.keyboard.type("echo both-")
    await expect(screen(page)).to_contain_text("echo both-")
    await beside.reload()
    await expect(screen(beside)).to_contain_text("seen-2")
    assert [line for line in (await screen(beside).inner_text()).splitlines() if "seen-2" in line] == ["seen-2"]


async def test_the_keyboard_can_leave_and_come_back(page):
    await page.keyboard.press("Shift+Tab")
    await expect(screen(page)).not_to_be_focused()
    await page.keyboard.press("Tab")
    await expect(screen(page)).to_be_focused()
    await page.keyboard.type("ec")
    await page.keyboard.press("Tab")
    await expect(screen(page)).to_be_focused()
    await expect(screen(page)).to_contain_text("echo")


async def test_what_is_typed_is_an_event_by_its_command_and_no_key_is_kept(page, system, visitor):
    asking = "echo ask''ing; read -s secret; echo done-$((1+1))"
    await keys(page, asking)
    await expect(screen(page)).to_contain_text("asking")
    await keys(page, "hunter2")
    await expect(screen(page)).to_contain_text("done-2")
    await page.keyboard.press("Control+d")
    await expect(page.locator("#standing")).to_contain_text("Ended with exit code 0")
    async with connect(system.home.path, visitor.user) as connection:
        found = await connection.bus.journal.read(events.of_user(visitor.user))
    ran = [what for what in (happening(each.event) for each in found) if isinstance(what, CommandRan)]
    assert [what.command for what in ran if what.where == "terminal"] == [asking]
    assert not any(b"hunter2" in bytes(each.event.data) for each in found)


MARKUP = "<b>bold</b><script>alert(1)</script><a href=javascript:alert(1)>x</a>&lt;"
HOSTILE = MARKUP + (
    r"\033[6n\033[5n\033[c\033[>c\033[?6n\033[21t\033[18t\033Z\005"
    r"\033]0;<img src=x onerror=alert(1)>\007\033]52;c;?\007\033]8;;javascript:alert(1)\033\\here\033]8;;\033\\"
    r"\033P\044qm\033\\\033[38;5;\"><img src=x onerror=alert(1)>m\n"
)
"""Questions that a terminal answers by itself, a title, the clipboard, a link, and markup in every place."""


async def test_what_is_printed_is_no_markup_and_makes_the_page_type_nothing(page):
    title = await page.title()
    await keys(page, f"printf '{HOSTILE}\\n' > hostile; clear")
    # Whatever the page answered by itself would be read here.
    await keys(page, 'cat hostile; read -r -s -t 2 -n 99 answer; echo "answered:${#answer}:"')
    await expect(screen(page)).to_contain_text("answered:0:")
    await expect(screen(page)).to_contain_text(MARKUP)
    await expect(screen(page).locator("img, b, script, a, [onerror], [href]")).to_have_count(0)
    assert await page.title() == title


async def test_without_scripts_the_screen_is_shown_and_lines_are_typed(system, visitor):
    page = await visitor.page(await begun(system, visitor), java_script_enabled=False)
    await page.get_by_role("button", name="Open a terminal").click()
    await page.get_by_label("A line to type").fill("echo plain-$((1+1))")
    await page.get_by_role("button", name="Enter", exact=True).click()
    await expect(screen(page)).to_contain_text("plain-2")
    await page.get_by_role("button", name="Ctrl-D").click()
    await expect(page.locator("#standing")).to_contain_text("Ended")


async def test_nobody_types_into_the_terminal_of_another(page, system, visitor, chromium):
    other = Visitor(system, chromium)
    strange = await other.page()
    path = page.url.removeprefix(system.address)
    answer = await strange.evaluate(
        """async (path) => (await fetch(`${path}/keys`, { method: "POST", body: new URLSearchParams({ keys: '["x"]' }),
            headers: JSON.parse(document.body.getAttribute("hx-headers")) })).status""",
        path,
    )
    assert answer == 404
    assert (await strange.goto(path)).status == 404
    await keys(page, "echo mine-$((1+1))")
    await expect(screen(page)).to_contain_text("mine-2")
    await expect(screen(page)).not_to_contain_text("x\n")
    await other.leave()
