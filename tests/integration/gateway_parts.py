"""The gateway with ui and tasks on a real bus, and browsers without a screen to visit it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from html import unescape

import httpx

from proto import accounts, keys
from services.gateway.main import serve as serve_gateway
from services.gateway.settings import GatewaySettings
from services.llm.main import serve as serve_llm
from services.llm.settings import LlmSettings
from services.runtime.bus import Bus
from services.tasks.main import serve as serve_tasks
from services.tasks.settings import TasksSettings
from services.ui.main import serve as serve_ui
from services.ui.settings import UiSettings
from tests.support.running import Serve, running
from tests.support.servers import NatsServer, free_port

WITHIN = 30.0
HTMX = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}


class Stream:
    """The fragments of one live stream, as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.seen = ""
        self._whole = False
        """Whether the last event has come as a whole."""

    async def until(self, *texts: str) -> str:
        """Read until each of these texts has come, to the end of its event; returns all that came."""
        async with asyncio.timeout(WITHIN):
            while not (self._whole and all(text in self.seen for text in texts)):
                if not await self.next():
                    raise AssertionError(f"the stream ended before {texts}: {self.seen[-500:]}")
        return self.seen

    async def next(self) -> bool:
        """Read one line; False at the end."""
        try:
            line = await anext(self._lines)
        except (StopAsyncIteration, httpx.RemoteProtocolError):
            return False
        self._whole = not line
        self.seen += line.removeprefix("data: ") + "\n"
        return True

    async def end(self) -> None:
        """Read until it ends."""
        async with asyncio.timeout(WITHIN):
            while await self.next():
                pass

    def answer(self, turn: str) -> str:
        """The text of an answer, put together from its pieces."""
        pieces = re.findall(rf'<div hx-swap-oob="beforeend:#answer-{turn}-\d+">(.*?)</div>\n', self.seen, re.DOTALL)
        return unescape("".join(pieces))


class Browser:
    """One signed-in browser."""

    def __init__(self, client: httpx.AsyncClient, csrf: str) -> None:
        self.client = client
        self.csrf = csrf

    async def page(self, path: str, status: int = 200) -> str:
        """Open a page."""
        response = await self.client.get(path)
        assert response.status_code == status, (path, response.status_code, response.text[:500])
        return response.text

    async def post(self, path: str, *, htmx: bool = True, **form: str) -> httpx.Response:
        """Send a form, with or without htmx."""
        return await self.client.post(path, data={"csrf": self.csrf, **form}, headers=HTMX if htmx else {})

    @contextlib.asynccontextmanager
    async def live(self, **wanted: str) -> AsyncIterator[Stream]:
        """Open a live stream; it stands when the context is entered."""
        async with self.client.stream("GET", "/live", params=wanted, timeout=None) as response:
            assert response.status_code == 200, response.status_code
            stream = Stream(response)
            await stream.until('id="connection"')
            yield stream


class Front:
    """A gateway and what stands behind it; parts are started and stopped by name."""

    def __init__(self, nats: NatsServer, stack: contextlib.AsyncExitStack) -> None:
        self.nats = nats
        self.port = free_port()
        self._stack = stack
        self._parts: dict[str, contextlib.AsyncExitStack] = {}
        self.cli: Bus

    async def start(self, name: str, serve: Serve, settings: object, role: str = "") -> None:
        """Start one service in this process."""
        own = contextlib.AsyncExitStack()
        bus = await own.enter_async_context(Bus.open(self.nats.settings(role or name), role or name))
        await own.enter_async_context(running(serve, settings, bus))
        self._parts[name] = own

    async def stop(self, name: str) -> None:
        """Stop a service, as SIGTERM would."""
        await self._parts.pop(name).aclose()

    async def begin(self) -> None:
        """Start what every page needs."""
        self.cli = await self._stack.enter_async_context(Bus.open(self.nats.settings("cli"), "cli"))
        await self.ui()
        await self.start("tasks", serve_tasks, TasksSettings())
        await self.gateway()

    async def ui(self) -> None:
        """Start the ui service."""
        await self.start("ui", serve_ui, UiSettings())

    async def gateway(self, name: str = "gateway", port: int = 0) -> str:
        """Start a gateway and return its address."""
        await self.start(name, serve_gateway, GatewaySettings(port=port or self.port), role="gateway")
        return f"http://127.0.0.1:{port or self.port}"

    async def llm(self, model_server: str, models_dir: str) -> None:
        """Start the llm service with a model server."""
        await self.start("llm", serve_llm, LlmSettings(ollama=model_server, models_dir=models_dir))

    async def end(self) -> None:
        """Stop everything."""
        for name in reversed(tuple(self._parts)):
            await self.stop(name)

    async def link(self, user: str) -> str:
        """Make a one-time link."""
        return (await self.cli.call(accounts.INVITE, accounts.Invite(user=user))).path

    async def key(self, user: str, name: str = "test", days: int = 0) -> keys.NewKey:
        """Make an API key."""
        return await self.cli.call(keys.ADD_KEY, keys.AddKey(user=user, name=name, days=days))

    async def program(self, user: str) -> httpx.AsyncClient:
        """A program that shows an API key."""
        client = await self.stranger()
        client.headers["Authorization"] = f"Bearer {(await self.key(user)).secret}"
        return client

    async def stranger(self, address: str = "") -> httpx.AsyncClient:
        """A browser that is not signed in."""
        client = httpx.AsyncClient(base_url=address or f"http://127.0.0.1:{self.port}", timeout=WITHIN)
        return await self._stack.enter_async_context(client)

    async def browser(self, user: str, address: str = "") -> Browser:
        """A browser that came in by a one-time link."""
        client = await self.stranger(address)
        entered = await client.post(await self.link(user))
        assert entered.status_code == 303, entered.text
        found = re.search(r'name="csrf" value="(\w+)"', (await client.get("/tasks")).text)
        assert found
        return Browser(client, found[1])
