"""The supervisor with real servers and tiny services: starting, surviving kills, leaving nothing behind."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from daimon.commands import down, status
from daimon.up import ports, procfs, stale, state
from daimon.up.home import Home
from daimon.up.polling import until
from daimon.up.services import CHECKOUT
from daimon.up.state import ChildState, State

CHILDREN = {"postgres", "nats", "alpha", "beta"}


async def up(home: Path, *arguments: str) -> Process:
    words = ("-m", "tests.unit.up.tiny_up", "--home", str(home), *arguments)
    return await asyncio.create_subprocess_exec(sys.executable, *words, cwd=CHECKOUT, stdout=PIPE, stderr=PIPE)


@asynccontextmanager
async def running(home: Path, *arguments: str) -> AsyncIterator[Process]:
    process = await up(home, *arguments)
    try:
        line = await process.stdout.readline()
        assert line.startswith(b"ready http://127.0.0.1:"), (await process.stderr.read()).decode()
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        await until(holds)


def recorded(home: Path) -> State:
    found = state.read_running(Home(path=home))
    assert found is not None
    return found


def everything_alive(home: Path, found: State) -> list[procfs.Running]:
    """Return the children of a run that are alive, and every process of its Postgres."""
    children = [child.run for child in found.children.values() if child.run and child.run.is_alive()]
    return [*children, *procfs.naming(stale.mark(home / "postgres"))]


def child(home: Path, name: str) -> ChildState:
    return recorded(home).children[name]


async def test_everything_starts_and_ends_with_it(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        found = recorded(tmp_path)
        assert found.ready
        assert {name for name, one in found.children.items() if one.phase == "ready"} == CHILDREN
        assert len(everything_alive(tmp_path, found)) > len(CHILDREN)
        process.terminate()
        assert await process.wait() == 0
    assert everything_alive(tmp_path, found) == []
    assert state.read_running(Home(path=tmp_path)) is None


@pytest.mark.parametrize("name", sorted(CHILDREN))
async def test_a_killed_child_is_started_again(tmp_path: Path, name: str) -> None:
    async with running(tmp_path):
        before = recorded(tmp_path)
        first = before.children[name].run
        first.signal(signal.SIGKILL)
        await eventually(lambda: child(tmp_path, name).restarts == 1 and child(tmp_path, name).phase == "ready")
        after = recorded(tmp_path)
        assert after.children[name].run != first
        assert (after.nats_url, after.database) == (before.nats_url, before.database)
        with psycopg.connect(after.database) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("daimon_memory",)


async def test_nothing_outlives_a_killed_supervisor_and_its_data_stays(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        found = recorded(tmp_path)
        with psycopg.connect(found.database) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        process.kill()
        await process.wait()
        await eventually(lambda: everything_alive(tmp_path, found) == [])
    async with running(tmp_path):
        with psycopg.connect(recorded(tmp_path).database) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


async def test_the_next_start_ends_a_service_that_outlived_a_killed_supervisor(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        process.kill()
        await process.wait()
    survivor = await asyncio.create_subprocess_exec("sleep", "1000", start_new_session=True)
    home = Home(path=tmp_path)
    found = state.read(home)
    left = ChildState(name="alpha", phase="ready", run=procfs.running(survivor.pid))
    state.write(home, State(up=found.up, children={**found.children, "alpha": left}))
    async with running(tmp_path):
        assert await survivor.wait() == -signal.SIGTERM


async def test_a_second_up_says_where_the_first_is(tmp_path: Path) -> None:
    async with running(tmp_path):
        second = await up(tmp_path)
        printed, _ = await second.communicate()
        assert second.returncode == 0
        assert printed.decode() == f"running already at {recorded(tmp_path).address}/\n"
        assert recorded(tmp_path).ready


async def test_two_homes_run_side_by_side(tmp_path: Path) -> None:
    async with running(tmp_path / "one"), running(tmp_path / "two"):
        one, two = recorded(tmp_path / "one"), recorded(tmp_path / "two")
        assert one.address != two.address
        assert one.nats_url != two.nats_url
        with psycopg.connect(one.database) as connection:
            connection.execute("CREATE TABLE here ()")
        with psycopg.connect(two.database) as connection:
            assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)


async def test_a_home_of_any_depth_and_name_works(tmp_path: Path) -> None:
    deep = tmp_path / 'it\'s a "home" with äö' / ("x" * 100)
    async with running(deep), running(tmp_path / "a b"):
        with psycopg.connect(recorded(deep).database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_detached_it_returns_when_ready_and_down_ends_it(tmp_path: Path, capsys) -> None:
    process = await up(tmp_path, "--detach")
    printed, _ = await process.communicate()
    assert process.returncode == 0
    found = recorded(tmp_path)
    assert printed.decode() == f"ready {found.address}/in/token\n"
    assert len(everything_alive(tmp_path, found)) > len(CHILDREN)
    assert await asyncio.to_thread(down.run, argparse.Namespace(home=tmp_path)) == 0
    assert set(capsys.readouterr().out.removeprefix("stopped ").strip().split(", ")) == CHILDREN
    assert everything_alive(tmp_path, found) == []


async def test_down_ends_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        found = recorded(tmp_path)
        process.kill()
        await process.wait()
    await asyncio.to_thread(down.run, argparse.Namespace(home=tmp_path))
    assert everything_alive(tmp_path, found) == []


@pytest.mark.parametrize("detach", [(), ("--detach",)])
async def test_a_service_that_cannot_start_is_named_with_its_last_words(tmp_path: Path, detach: tuple[str]) -> None:
    (tmp_path / "settings.toml").write_text("[alpha]\nfails = 78\n")
    process = await up(tmp_path, *detach)
    _, printed = await process.communicate()
    last = printed.decode().strip().splitlines()[-1]
    log = tmp_path / "logs" / "alpha.log"
    assert process.returncode == 1
    cure = "Put the table [alpha] of settings.toml right and start again."
    assert last == f"daimon: alpha ended with code 78: the moon is wrong; see {log}. {cure}"
    assert log.read_text().count("the moon is wrong") == 1
    found = state.read(Home(path=tmp_path))
    assert everything_alive(tmp_path, found) == []


async def test_a_service_that_ends_at_once_is_tried_three_times(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[alpha]\nfails = 1\n")
    process = await up(tmp_path)
    await process.communicate()
    assert process.returncode == 1
    assert (tmp_path / "logs" / "alpha.log").read_text().count("the moon is wrong") == 3


async def test_a_stubborn_service_is_killed_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[alpha]\nstubborn = true\n")
    async with running(tmp_path) as process:
        found = recorded(tmp_path)
        process.terminate()
        process.terminate()
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    assert everything_alive(tmp_path, found) == []


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, ports.LOOPBACK, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        process = await up(tmp_path, "--port", str(port))
        _, printed = await process.communicate()
    assert process.returncode == 1
    assert f"Port {port} is in use by another program" in printed.decode()
    assert "--port 0" in printed.decode()


async def test_status_tells_of_every_program(tmp_path: Path) -> None:
    async with running(tmp_path):
        found = status.look(Home(path=tmp_path))
        assert {row.name for row in found.processes} == CHILDREN | {"up"}
        assert all(row.pid and row.resident > 1_000_000 and row.state == "ready" for row in found.processes)
        assert found.address in status.readable(found)
