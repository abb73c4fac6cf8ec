"""The record of a run, and telling programs from others with the same number."""

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from daimon.up import leftovers, procfs, state
from daimon.up.child import Launch, spawn
from daimon.up.home import open_home
from daimon.up.polling import until
from daimon.up.state import ChildState, State


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    child = ChildState(name="nats", phase="ready", restarts=2, run=procfs.running(os.getpid()))
    written = State(up=procfs.running(os.getpid()), address="http://127.0.0.1:1", children={"nats": child})
    state.write(home, written)
    assert state.read(home) == written
    assert state.read_running(home) == written


def test_no_record_and_half_a_record_are_none(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    assert state.read(home) is None
    (home.run / "state.json").write_text('{"up": ')
    assert state.read(home) is None


def test_a_number_used_again_is_not_the_same_run(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    ours = procfs.running(os.getpid())
    assert ours.is_alive()
    for other in (
        msgspec.structs.replace(ours, started=ours.started - 1),
        msgspec.structs.replace(ours, boot="another boot"),
    ):
        assert not other.is_alive()
        state.write(home, State(up=other))
        assert state.read_running(home) is None


async def test_what_a_killed_run_left_is_ended_by_force_if_need_be(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(leftovers, "GRACE", 0.3)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); signal.pause()"
    log = tmp_path / "log"
    child = await spawn(Launch(argv=(sys.executable, "-c", stubborn), log=log))
    async with asyncio.timeout(10):
        await until(lambda: bool(log.read_bytes()))
    left = ChildState(name="alpha", phase="ready", run=procfs.running(child.pid))
    other = ChildState(name="beta", phase="ready", run=procfs.Running(pid=os.getpid(), started=1, boot=procfs.boot()))
    assert await leftovers.end(State(up=procfs.running(1), children={"alpha": left, "beta": other})) == ["alpha"]
    assert await child.wait() == -9
