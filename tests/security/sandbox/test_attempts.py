"""Everything somebody inside a box may try fails, and the box still answers."""

from __future__ import annotations

import pytest

from services.sandbox.bubblewrap import Bubblewrap
from services.sandbox.shellbox import ShellBox
from tests.security.sandbox.attempts import ATTEMPTS, Attempt

QUICKLY = 2.0
ATTEMPT_WITHIN = 6.0


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.what.replace(" ", "-"))
async def test_an_attempt_fails_and_the_box_answers(attempt: Attempt, box: ShellBox, outside: dict[str, object]):
    command = attempt.command(outside)
    ran = await box.run(command, timeout=ATTEMPT_WITHIN)
    printed = ran.stdout + ran.stderr
    assert printed.startswith("TRIED"), ran
    assert "ESCAPED" not in printed, f"{attempt.why}: {printed}"
    after = await box.run("echo works", timeout=10)
    assert after.stdout == "works\n", after
    assert after.seconds < QUICKLY, after
    assert not (box.root / "return" / "canary").exists()


def test_there_are_enough_attempts():
    assert len(ATTEMPTS) >= 60
    assert len({attempt.what for attempt in ATTEMPTS}) == len(ATTEMPTS)
    assert {attempt.language for attempt in ATTEMPTS} == {"sh", "python"}


async def test_what_is_planted_does_not_reach_the_next_agent(box: ShellBox):
    planted = next(attempt for attempt in ATTEMPTS if "modules" in attempt.what)
    await box.run(planted.command({}), timeout=10)
    await box.run("echo 'touch /return/canary' | tee ~/.bashrc ~/.profile ~/.bash_profile ~/.bash_login", timeout=10)
    await box.run("exit", timeout=10)
    await box._end()
    assert (await box.run("echo works", timeout=10)).stdout == "works\n"
    assert list((box.root / "return").iterdir()) == []


async def test_nothing_survives_the_end_of_its_box(backend: Bubblewrap, box: ShellBox):
    await box.run("setsid nohup sh -c 'while :; do date +%N > ~/going; sleep 0.02; done' > /dev/null &", timeout=10)
    await box.run("until [ -s going ]; do sleep 0.02; done", timeout=10)
    await box.close()
    going = box.root / "work" / "going"
    before = going.read_text()
    again = await backend.open(box.root)
    try:
        # The time passes inside, where the survivor would have been.
        assert (await again.run("sleep 0.3", timeout=10)).exit_code == 0
    finally:
        await again.close()
    assert going.read_text() == before
