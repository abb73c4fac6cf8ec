"""A person at a browser, on the way into a booted machine."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import httpx

from tests.nixos.machine import DAIMON, WITHIN, Machine

HOME = "/var/lib/daimon"
DOOR = 8500
"""Where the machine lets us in to what listens on its loopback interface alone."""
PAGE = "127.0.0.1:8400"


class Visitor:
    """Somebody signed in, who tries again while something is away."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    async def enter(cls, machine: Machine) -> Visitor:
        """Come in by a one-time link."""
        headers = {"Host": PAGE, "Origin": f"http://{PAGE}"}
        client = httpx.AsyncClient(base_url=f"http://{machine.address}:{DOOR}", headers=headers, timeout=WITHIN)
        link = (await machine.run(DAIMON, "link", "--home", HOME)).split()
        path = next(word for word in link if "/in/" in word).removeprefix(f"http://{PAGE}")
        entered = await client.post(path)
        assert entered.status_code == 303, entered.text
        return cls(client)

    async def leave(self) -> None:
        """Close the browser."""
        await self._client.aclose()

    async def get(self, path: str) -> httpx.Response:
        """Open something that will be there in the end."""
        return await self._insist("GET", path)

    async def offered(self, action: str) -> None:
        """Wait until an action is in the menu."""
        async with asyncio.timeout(WITHIN):
            while True:
                if f'"{action}"' in (await self.get("/api/actions")).text:
                    return
                await asyncio.sleep(0.05)

    async def found(self, query: str, text: str) -> None:
        """Wait until a search finds something."""
        async with asyncio.timeout(WITHIN):
            while True:
                if text in (await self.get(f"/api/search?q={query}")).text:
                    return
                await asyncio.sleep(0.1)

    async def say(self, text: str, conversation: str = "") -> tuple[str, str]:
        """Send a message without waiting for its answer; the conversation and the turn."""
        conversation = conversation or secrets.token_urlsafe(8)
        path = f"/api/chat/{conversation}"
        told = (await self._insist("POST", path, json={"text": text}, headers={"Prefer": "respond-async"})).json()
        return conversation, told["turn"]

    async def ask(self, text: str, conversation: str = "") -> dict[str, Any]:
        """Send a message and wait for what comes of it."""
        return await self.answered(*await self.say(text, conversation))

    async def answered(self, conversation: str, turn: str) -> dict[str, Any]:
        """Wait until a turn has ended."""
        return await self.until(conversation, turn, lambda exchange: exchange.get("outcome") is not None)

    async def until(self, conversation: str, turn: str, holds: Any) -> dict[str, Any]:
        """Wait until something holds of a turn."""
        async with asyncio.timeout(WITHIN):
            while True:
                found = (await self.get(f"/api/conversations/{conversation}")).json()
                exchange = next((each for each in found["exchanges"] if each["turn"] == turn), None)
                if exchange is not None and holds(exchange):
                    return dict(exchange)
                await asyncio.sleep(0.05)

    async def _insist(self, method: str, path: str, **more: Any) -> httpx.Response:
        last: object = None
        end = time.monotonic() + WITHIN
        while time.monotonic() < end:
            try:
                answer = await self._client.request(method, path, **more)
                if answer.status_code < 300:
                    return answer
                last = answer.text
                assert answer.status_code >= 500, (path, answer.status_code, answer.text[:300])
            except httpx.TransportError as error:
                last = error
            await asyncio.sleep(0.1)
        raise AssertionError(f"{method} {path} did not come about: {last}")
