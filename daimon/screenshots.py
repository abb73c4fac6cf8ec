"""Pictures of the pages: a whole Daimon with a little in it, looked at by a Chromium, light, dark and on a phone.

Only a developer has what drives the browser (Playwright), so nothing here is imported before it is asked for.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec
from playwright.async_api import BrowserContext, Page, async_playwright

from daimon.bench.programs import System, fresh_home, model_server, up
from daimon.catching_up import caught_up
from daimon.connection import OWNER, Connection, connect
from proto import accounts, chat, events, tasks

Look = Literal["light", "dark", "phone"]
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")
SIZES: dict[Look, tuple[int, int]] = {"light": (1100, 700), "dark": (1100, 700), "phone": (360, 720)}
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
QUALITY = 72
PATIENCE_MS = 30_000
HOME = "a-garden"
"""The conversation that is shown."""
SAID = ("add call mum on Sunday to my list", "add water the beans to my list", "run echo 'The beans grow.'")
TODO = ("sow the radishes", "mend the fence", "order compost")
NOTE = b"# Garden\n\nThe beans want water every second day.\nThe shed is painted dark green.\n"
_SETTLED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 400)))"


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One page."""

    name: str
    path: str
    kept: tuple[Look, ...] = ()
    """The looks of it that the documents have."""


SHOTS = (
    Shot(name="chat", path=f"/chat/{HOME}", kept=("light", "dark", "phone")),
    Shot(name="conversations", path="/conversations"),
    Shot(name="tasks", path="/tasks", kept=("light",)),
    Shot(name="timeline", path="/timeline", kept=("light",)),
    Shot(name="search", path=f"/memory?q={quote('what grows outside')}", kept=("light",)),
    Shot(name="sql", path="/memory/sql"),
    Shot(name="documents", path="/memory/documents"),
    Shot(name="map", path="/memory/map"),
    Shot(name="box", path=f"/box/{HOME}", kept=("dark",)),
    Shot(name="mind", path="/mind", kept=("light",)),
    Shot(name="actions", path="/mind/actions"),
    Shot(name="rights", path="/mind/rights", kept=("light",)),
    Shot(name="undo", path="/undo", kept=("phone",)),
    Shot(name="settings", path="/settings"),
    Shot(name="settings-models", path="/settings/models"),
    Shot(name="settings-approvals", path="/settings/approvals"),
    Shot(name="settings-instructions", path="/settings/instructions", kept=("light",)),
    Shot(name="settings-memory", path="/settings/memory", kept=("dark",)),
    Shot(name="settings-export", path="/settings/export"),
    Shot(name="settings-users", path="/settings/users"),
    Shot(name="settings-backup", path="/settings/backup"),
)


async def take(program: str, folder: Path, *, every: bool) -> list[Path]:
    """Take the pictures that the documents have, or every one; returns what was written."""
    async with model_server(rate=0, tokens=0) as model, fresh_home(model) as home, up(home) as system:
        async with connect(home.path, OWNER) as connection:
            await _furnish(connection)
        async with _browser(program, system) as contexts:
            return [path async for path in _pictures(contexts, folder, every=every)]


async def _furnish(connection: Connection) -> None:
    """Let a few things have happened."""
    for title in TODO:
        await connection.call(tasks.ADD, tasks.AddTask(title=title))
    await connection.call(tasks.COMPLETE, tasks.CompleteTask(task=TODO[0]))
    caller = msgspec.structs.replace(connection.caller, conversation=HOME)
    async with connection.bus.follow(events.of_kind(chat.Answered.kind, caller.user)) as answers:
        for text in SAID:
            await connection.bus.call(chat.SEND, chat.Send(conversation=HOME, text=text), caller=caller)
            await answers.next()
    await caught_up(connection)


@asynccontextmanager
async def _browser(program: str, system: System) -> AsyncIterator[dict[Look, BrowserContext]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=QUIET)
        contexts: dict[Look, BrowserContext] = {}
        for look in LOOKS:
            width, height = SIZES[look]
            contexts[look] = await browser.new_context(
                base_url=system.address,
                viewport={"width": width, "height": height},
                color_scheme="dark" if look == "dark" else "light",
                reduced_motion="reduce",
            )
            contexts[look].set_default_timeout(PATIENCE_MS)
            await _enter(system, contexts[look])
        yield contexts
        await browser.close()


async def _enter(system: System, context: BrowserContext) -> None:
    async with connect(system.home.path, OWNER) as connection:
        link = await connection.call(accounts.INVITE, accounts.Invite(user=OWNER))
    page = await context.new_page()
    await page.goto(link.path)
    await page.get_by_role("button", name="Open Daimon").click()
    await page.wait_for_url("**/")
    await page.goto("/memory/documents")
    if not await page.get_by_text("garden.md").count():
        await page.set_input_files(
            "input[name=file]", {"name": "garden.md", "mimeType": "text/markdown", "buffer": NOTE}
        )
        await page.get_by_role("button", name="Hand it in").click()
        await page.get_by_text("indexed, ").first.wait_for()
    await page.close()


async def _pictures(contexts: dict[Look, BrowserContext], folder: Path, *, every: bool) -> AsyncIterator[Path]:
    for shot in SHOTS:
        for look in LOOKS if every else shot.kept:
            page = await contexts[look].new_page()
            await page.goto(shot.path)
            await page.evaluate(_SETTLED)
            path = folder / f"{shot.name}{'' if look == 'light' else f'-{look}'}.webp"
            path.write_bytes(await _picture(page))
            await page.close()
            yield path


async def _picture(page: Page) -> bytes:
    """As WebP, which holds text at a third of the size of a PNG."""
    session = await page.context.new_cdp_session(page)
    taken = await session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(taken["data"])
