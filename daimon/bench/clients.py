"""The readers of `bench stream`: the model server itself, a page, and a program with an API key, all equally bare."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from daimon.bench.browser import Browser, Turn, chat_page
from daimon.bench.http_client import Connection, connected, lags

MODEL = "small"
QUESTION = "Tell me something."
FRESH = "Tell me something about the number {0}, please."
"""It is embedded for the choice of actions; where Daimon keeps the conversation, memory is asked about it, too."""
_numbers = itertools.count()


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer is asked for."""

    address: str
    path: str
    models: str
    """Where the models are listed, which every client does first: so nobody is measured who has just come, or slept."""
    over: bytes
    """What its end is known by."""
    headers: dict[str, str] = {}


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may ask over the API."""

    address: str
    key: str


def bare(question: str = QUESTION) -> bytes:
    """The request of a question, and nothing else."""
    return msgspec.json.encode({"model": MODEL, "messages": [{"role": "user", "content": question}], "stream": True})


def fresh() -> str:
    """A question that was never asked."""
    return FRESH.format(next(_numbers))


async def last_request(url: str) -> bytes:
    """What the model server was asked last: the request that Daimon makes of a question, with prompt and actions."""
    async with connected(url) as connection:
        return await (await connection.ask("GET", "/last")).whole()


async def direct(url: str, tokens: int, request: bytes) -> Turn:
    """Ask the model server itself."""
    (turn,) = await directs(url, tokens, request, 1)
    return turn


async def directs(url: str, tokens: int, request: bytes, count: int) -> list[Turn]:
    """Ask the model server itself so many times at once."""
    door = Door(address=url, path="/api/chat", models="/api/tags", over=b'"done":true')
    return await _ask(door, request, tokens, count)


async def over_api(program: Program, tokens: int, question: str = QUESTION) -> Turn:
    """Ask over `/v1/chat/completions`."""
    (turn,) = await over_apis(program, tokens, 1, question)
    return turn


async def over_apis(program: Program, tokens: int, count: int, question: str = QUESTION) -> list[Turn]:
    """Ask over `/v1/chat/completions` so many times at once."""
    headers = {"Authorization": f"Bearer {program.key}", "Content-Type": "application/json"}
    path, models = "/v1/chat/completions", "/v1/models"
    door = Door(address=program.address, path=path, models=models, over=b"[DONE]", headers=headers)
    return await _ask(door, bare(question), tokens, count)


async def on_page(browser: Browser, tokens: int, question: str = QUESTION) -> Turn:
    """Ask on a chat page of its own."""
    async with chat_page(browser) as page:
        return await page.say(question, token(0), token(tokens - 1))


async def on_pages(browsers: Sequence[Browser], tokens: int) -> list[Turn]:
    """Open all the pages, then ask on all of them at once."""
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(chat_page(browser)) for browser in browsers]
        return await asyncio.gather(*(page.say(QUESTION, token(0), token(tokens - 1)) for page in pages))


def token(number: int) -> bytes:
    """What the scripted model server writes."""
    return f"token{number}".encode()


def medians(turns: Sequence[Turn]) -> Turn:
    """The turn in the middle, figure by figure."""
    return Turn(
        first=statistics.median(turn.first for turn in turns),
        last=statistics.median(turn.last for turn in turns),
        size=int(statistics.median(turn.size for turn in turns)),
        lags=tuple(lag for turn in turns for lag in turn.lags),
    )


async def _ask(door: Door, request: bytes, tokens: int, count: int) -> list[Turn]:
    """Let all come, then all ask at once."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(door)) for _ in range(count)]
        return await asyncio.gather(*(_answered(client, door, request, tokens) for client in clients))


@asynccontextmanager
async def _client(door: Door) -> AsyncIterator[Connection]:
    async with connected(door.address) as connection:
        await (await connection.ask("GET", door.models, headers=door.headers)).whole()
        yield connection


async def _answered(connection: Connection, door: Door, request: bytes, tokens: int) -> Turn:
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = connection.send("POST", door.path, request, door.headers)
    await answer.read_head()
    if answer.status != 200:
        raise ConnectionError(f"{door.path} answered {answer.status}.")
    first = await answer.until(token(0)) - began
    last = await answer.until(token(tokens - 1)) - began
    await answer.until(door.over)
    return Turn(first=first, last=last, size=len(answer.body), lags=tuple(lags(answer)))
