"""What a headless Chromium says of our pages by its own performance API: opening, layout shift, and interaction."""

from __future__ import annotations

from playwright.async_api import Page, async_playwright

from daimon.bench.long_log import LONG, USER
from daimon.bench.programs import System
from daimon.bench.report import Figure, figure
from daimon.connection import connect
from proto import accounts
from proto.base import new_id

QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
PATIENCE_MS = 30_000
TASKS = 5
WATCH = """
window.shifted = 0;
window.slowest = 0;
new PerformanceObserver((seen) => seen.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shifted += entry.value;
})).observe({type: "layout-shift", buffered: true});
new PerformanceObserver((seen) => seen.getEntries().forEach((entry) => {
  if (entry.interactionId) window.slowest = Math.max(window.slowest, entry.duration);
})).observe({type: "event", durationThreshold: 16, buffered: true});
"""
"""The browser's own account: shifts without input, and from an input to the next paint (in steps of 8 ms)."""
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
PAINTED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))"
"""By when the observers have been told of the last frame."""


async def watched(system: System, program: str, rounds: int) -> dict[str, Figure]:
    """Open the long conversation, follow an answer, and work with tasks, as often as wanted."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=QUIET)
        context = await browser.new_context(base_url=system.address)
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(WATCH)
        page = await context.new_page()
        await _enter(system, page)
        opened = [await _open_long(page) for _ in range(rounds)]
        answers = [await _follow_answer(page) for _ in range(rounds)]
        tasks = [await _work_with_tasks(page) for _ in range(rounds)]
        await browser.close()
    return {
        "opening_in_browser": figure(opened, "ms", "navigation start to load, 5,000 messages"),
        "layout_shift": figure([shifted for shifted, _ in answers], "", "while an answer streams"),
        "interaction_chat": figure([slowest for _, slowest in answers], "ms", "slowest input to the next paint"),
        "interaction_tasks": figure(tasks, "ms", "slowest input to the next paint"),
    }


async def _enter(system: System, page: Page) -> None:
    async with connect(system.home.path, USER) as connection:
        link = await connection.call(accounts.INVITE, accounts.Invite(user=USER))
    await page.goto(link.path)
    await page.get_by_role("button", name="Open Daimon").click()
    await page.wait_for_url("**/")


async def _open_long(page: Page) -> float:
    await page.goto(f"/chat/{LONG}")
    await page.wait_for_function(f"{LOADED} > 0")
    return float(await page.evaluate(LOADED))


async def _follow_answer(page: Page) -> tuple[float, float]:
    """Ask in a new conversation; returns the layout shift while the answer came, and the slowest interaction."""
    await page.goto(f"/chat/{new_id()}")
    await page.locator("#message").press_sequentially("How is the garden?")
    await page.press("#message", "Enter")
    await page.locator(".turn[aria-busy=false]").wait_for()
    await page.evaluate(PAINTED)
    return float(await page.evaluate("shifted")), float(await page.evaluate("slowest"))


async def _work_with_tasks(page: Page) -> float:
    """Add tasks and tick them off; returns the slowest interaction."""
    await page.goto("/tasks")
    for number in range(TASKS):
        title = f"task {number} {new_id()[-6:]}"
        await page.locator("#new-task").press_sequentially(title)
        await page.press("#new-task", "Enter")
        await page.get_by_role("checkbox", name=title).click()
        await page.get_by_role("checkbox", name=title, checked=True).wait_for()
    await page.evaluate(PAINTED)
    return float(await page.evaluate("slowest"))
