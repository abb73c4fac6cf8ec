"""A real Chromium before a whole Daimon with a scripted model server; each test is a user of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from daimon.connection import connect
from proto import accounts
from proto.base import new_id
from tests.fakes.ollama import FakeOllama, act
from tests.support.whole import Whole, whole_daimon

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip
PATIENCE_MS = 30_000
EXPECTED = (
    "net::ERR_",
    "status of 4",
    "status of 5",
    "Response Status Error",
    "htmx:sendError",
    "htmx:sseError",
    "htmx:sendAbort",
    "htmx:afterRequest",
    "[object Event]",
)
"""What the console says when a test takes something away on purpose, or asks anew before it was answered."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
async def model_server() -> AsyncIterator[FakeOllama]:
    """The scripted model server; a test may change its script."""
    async with FakeOllama(act) as server:
        yield server


@pytest.fixture(scope="session")
async def system(model_server: FakeOllama, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    """A whole Daimon; however slow the machine is, a command ends before it would go on as a job."""
    directory = tmp_path_factory.mktemp("browser")
    async with whole_daimon(directory, model_server.url, "[sandbox]\ngrace = 120.0\n") as whole:
        yield whole


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One headless browser for all tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


class Visitor:
    """One person with a browser: its pages, and what they complained of."""

    def __init__(self, system: Whole, chromium: Browser) -> None:
        self.user = f"ada-{new_id()[-12:]}"
        self._system = system
        self._chromium = chromium
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    async def link(self) -> str:
        """The address of a one-time link."""
        async with connect(self._system.home.path, self.user) as connection:
            made = await connection.call(accounts.INVITE, accounts.Invite(user=self.user))
        return self._system.address + made.path

    async def context(self, **options) -> BrowserContext:
        """A browser that is not signed in."""
        context = await self._chromium.new_context(base_url=self._system.address, **options)
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self._listen)
        self._contexts.append(context)
        return context

    async def page(self, path: str = "/", **options) -> Page:
        """A page of a browser that is signed in."""
        page = await (await self.context(**options)).new_page()
        await page.goto(await self.link())
        await page.get_by_role("button", name="Open Daimon").click()
        await page.wait_for_url("**/")
        if path != "/":
            await page.goto(path)
        return page

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    async def leave(self) -> None:
        """Close everything."""
        for context in self._contexts:
            await context.close()


@pytest.fixture
async def visitor(system: Whole, chromium: Browser) -> AsyncIterator[Visitor]:
    """A person nobody else in this run is; at the end no page may have complained."""
    found = Visitor(system, chromium)
    yield found
    await found.leave()
    unexpected = [line for line in found.complaints if not any(known in line for known in EXPECTED)]
    assert not unexpected


@pytest.fixture
def script(model_server: FakeOllama):
    """Change what the model answers, for one test."""

    def change(chosen: Callable) -> None:
        model_server.script = chosen

    yield change
    model_server.script = act


async def say(page: Page, text: str) -> None:
    """Type a message and send it with the Enter key."""
    await page.fill("#message", text)
    await page.press("#message", "Enter")
