"""`daimon box`, as a person uses it: commands, jobs, files, the network, and a terminal with keys and a size."""

from __future__ import annotations

import asyncio

import pytest

from proto.base import new_id
from tests.support.terminal import COLUMNS, CTRL_C, ROWS, Terminal, terminal
from tests.support.whole import WITHIN, Whole


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def box(whole: Whole, user: str, *words: str, stdin: str = ""):
    return await whole.daimon("box", *words, "--user", user, stdin=stdin)


async def test_commands_run_in_one_box_and_their_exit_code_is_ours(reflex: Whole, ada: str):
    assert (await box(reflex, ada, "run", "cd /tmp; export A=1")).code == 0
    ran = await box(reflex, ada, "run", "echo $A in $PWD; echo oops >&2; (exit 3)")
    assert (ran.code, ran.out) == (3, "1 in /tmp\n")
    assert "oops" in ran.err


async def test_a_job_is_listed_typed_to_read_and_stopped(reflex: Whole, ada: str):
    started = await box(reflex, ada, "run", "--background", "echo begun; sleep 600")
    job = started.out.split()[1]
    assert f"{job}  running" in (await box(reflex, ada, "jobs")).out
    stopped = await box(reflex, ada, "stop", job)
    assert stopped.out == f"Sent TERM to job {job}\n"
    followed = await box(reflex, ada, "output", "--follow", job)
    assert (followed.code, followed.out) == (124, "begun\n")
    assert (await box(reflex, ada, "output", "nothere")).code == 1


async def test_files_and_network_of_the_box(reflex: Whole, ada: str):
    await box(reflex, ada, "run", "echo hello > greeting")
    assert "/home/box/greeting" in (await box(reflex, ada, "files")).out
    assert (await box(reflex, ada, "read", "greeting")).out == "hello\n"
    assert (await box(reflex, ada, "network", "off")).out == "The network of the box is off (before: on)\n"
    assert "network off" in (await box(reflex, ada)).out
    assert (await box(reflex, ada, "read", "/etc/passwd")).code == 1


async def test_a_shell_is_a_terminal_into_the_box(reflex: Whole, ada: str):
    await box(reflex, ada, "run", "export COLOUR=red")
    # The window counts, and not what another program has left in the environment.
    misleading = {"COLUMNS": "81", "LINES": "25"}
    async with terminal(Terminal, reflex, "box", "shell", "--user", ada, **misleading) as screen:
        await screen.shows("$ ")
        screen.type("echo $COLOUR $(stty size)\r")
        await screen.shows(f"red {ROWS} {COLUMNS}")
        screen.resize(40, 120)
        screen.type("until stty size | grep 40; do sleep 0.1; done\r")
        await screen.shows("40 120")
        screen.type("echo aslee''p; sleep 600\r")
        await screen.shows("asleep")
        screen.type(CTRL_C)
        await screen.shows("^C")
        screen.type("echo after-$((6 * 7))\r")
        await screen.shows("after-42")
        screen.type("exit 7\r")
        async with asyncio.timeout(WITHIN):
            assert await screen.process.wait() == 7
    typed = await reflex.daimon("events", "--user", ada, "--json")
    assert "Ran `echo $COLOUR $(stty size)` in the terminal" in typed.out


async def test_a_shell_without_a_terminal_says_what_to_do(reflex: Whole, ada: str):
    refused = await box(reflex, ada, "shell")
    assert refused.code == 1
    assert "needs a terminal" in refused.err
