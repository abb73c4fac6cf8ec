"""Everything somebody inside a box may try fails, whatever holds the box, and the box still answers.

What a box of Landlock cannot refuse stands in the attempts' own files, with the reason; it must be exactly that.
"""

from __future__ import annotations

import pytest

from services.sandbox.box import Backend
from services.sandbox.shellbox import ShellBox
from tests.security.sandbox import report
from tests.security.sandbox.attempts import ATTEMPTS, Attempt
from tests.security.sandbox.control import escapes
from tests.security.sandbox.trying import Outcome, places_of, something_outside, tried
from tests.support.boxes import open_home, working

QUIET = [attempt for attempt in ATTEMPTS if attempt.file != "exhaustion"]
EXHAUSTING = [attempt for attempt in ATTEMPTS if attempt.file == "exhaustion"]


def named(attempt: Attempt) -> str:
    return attempt.what.replace(" ", "-")


def judge(backend: Backend, attempt: Attempt, outcome: Outcome) -> None:
    assert outcome.printed.startswith("TRIED"), outcome
    known = backend.name == "landlock" and bool(attempt.landlock)
    assert outcome.escaped == known, f"{attempt.landlock if known else attempt.why}: {outcome}"
    assert outcome.answers, outcome


@pytest.mark.timeout(300)
@pytest.mark.parametrize("attempt", QUIET, ids=named)
async def test_an_attempt_fails_and_the_box_answers(attempt: Attempt, backend: Backend, outcomes: dict[str, Outcome]):
    judge(backend, attempt, outcomes[attempt.what])


@pytest.mark.parametrize("attempt", EXHAUSTING, ids=named)
async def test_exhausting_a_box_fails_and_it_answers(attempt: Attempt, backend: Backend, outside: dict[str, object]):
    judge(backend, attempt, await tried(backend, attempt, outside))


@pytest.mark.timeout(300)
async def test_the_attempts_bite_where_people_think_they_are_safe():
    with open_home() as home:
        async with working("bwrap", home) as backend, something_outside(backend) as outside:
            tried_there = [attempt for attempt in ATTEMPTS if not attempt.control]
            assert len(await escapes(tried_there, outside)) >= len(tried_there) / 2


def test_there_are_enough_attempts():
    assert len(ATTEMPTS) >= 100
    assert len({attempt.what for attempt in ATTEMPTS}) == len(ATTEMPTS)
    assert {attempt.language for attempt in ATTEMPTS} == {"sh", "python"}


def test_the_published_report_tells_of_these_attempts():
    assert report.rows(report.PUBLISHED.read_text(encoding="utf-8")) == {
        attempt.what: ("held", "held", "not held" if attempt.landlock else "held") for attempt in ATTEMPTS
    }


async def test_what_is_planted_does_not_reach_the_next_agent(backend: Backend, box: ShellBox):
    planted = next(attempt for attempt in ATTEMPTS if "modules" in attempt.what)
    places = places_of(backend.home, box.root) if backend.name == "landlock" else None
    await box.run(planted.command({}, places), timeout=10)
    canary = f"touch {box.root / 'return' if places else '/return'}/canary"
    await box.run(f"echo '{canary}' | tee ~/.bashrc ~/.profile ~/.bash_profile ~/.bash_login", timeout=10)
    await box.run("exit", timeout=10)
    await box._end()
    assert (await box.run("echo works", timeout=10)).stdout == "works\n"
    assert list((box.root / "return").iterdir()) == []
