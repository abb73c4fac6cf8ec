"""The benches' own tools: goals, figures, and the client that must cost next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from daimon.bench import boot
from daimon.bench.goals import GOALS, Goal, goal_of
from daimon.bench.http_client import Connection, connected
from daimon.bench.report import figure, report
from daimon.commands.bench import BENCHES


def test_a_goal_holds_at_its_limit_and_not_beyond() -> None:
    assert Goal("b", "f", "<=", 3.0, "s").met_by(3.0)
    assert not Goal("b", "f", "<=", 3.0, "s").met_by(3.1)
    assert Goal("b", "f", ">=", 0.5, "x").met_by(0.5)
    assert not Goal("b", "f", ">=", 0.5, "x").met_by(0.4)


def test_every_goal_belongs_to_a_bench_and_stands_once() -> None:
    assert {goal.bench for goal in GOALS} <= BENCHES.keys()
    assert len({(goal.bench, goal.figure) for goal in GOALS}) == len(GOALS)


def test_a_figure_is_the_median_of_its_rounds_with_their_range() -> None:
    found = figure([3.0, 1.0, 2.0], "ms")
    assert (found.value, found.spread) == (2.0, (1.0, 3.0))


def test_a_report_is_what_scripts_expect() -> None:
    found = report("do", {"command": figure([70.0], "ms", "direct: 1 ms")}, commit="abc", machine="box")
    printed = msgspec.json.decode(msgspec.json.encode(found))
    assert printed["bench"] == "do"
    assert (printed["commit"], printed["machine"]) == ("abc", "box")
    assert printed["figures"]["command"] | {"spread": None} == {
        "value": 70.0,
        "unit": "ms",
        "goal": "<= 60 ms",
        "ok": False,
        "against": "direct: 1 ms",
        "spread": None,
    }
    assert not found.ok


def test_a_figure_without_a_goal_cannot_miss_it() -> None:
    assert goal_of("do", "action") is None
    assert report("do", {"action": figure([1e9], "ms")}, commit="", machine="").ok


def test_a_missed_goal_is_seen_in_the_table() -> None:
    found = report(
        "boot", {"second_start": figure([2.0], "s"), "memory_idle": figure([999.0], "MB")}, commit="", machine=""
    )
    lines = found.lines()
    assert "ok" in next(line for line in lines if line.startswith("second_start"))
    assert "MISSED" in next(line for line in lines if line.startswith("memory_idle"))


def test_packages_are_counted_with_what_they_installed(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    lock.write_text("msgspec==0 \\\n    --hash=sha256:00\nno-such-package==1\n")
    assert boot.packages(lock) > 100_000


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[Connection]:
    """A connection to a server that answers any request with these pieces, each in a write of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connected(f"http://127.0.0.1:{port}") as connection:
            yield connection


async def test_an_answer_with_a_length_is_read_to_its_end() -> None:
    async with answering(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b; Path=/\r\n\r\nhe", b"llo"
    ) as connection:
        answer = await connection.ask("GET", "/")
        assert (answer.status, answer.header("set-cookie")) == (200, "a=b; Path=/")
        assert await answer.whole() == b"hello"


async def test_chunks_are_put_together() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n3\r\nabc\r\n", b"2;x=y\r\nde\r\n0\r\n\r\n") as connection:
        answer = await connection.ask("GET", "/")
        assert await answer.whole() == b"abcde"


async def test_a_mark_is_found_though_it_came_in_two_pieces() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\nxxtok", b"en0 token1") as connection:
        answer = await connection.ask("GET", "/")
        assert await answer.until(b"token0") <= await answer.until(b"token1")


async def test_a_mark_that_never_comes_is_an_error() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\nabc") as connection:
        answer = await connection.ask("GET", "/")
        with pytest.raises(ConnectionError, match="ended before"):
            await answer.until(b"token0")
