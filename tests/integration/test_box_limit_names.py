"""Whatever holds the box: hitting a limit is told in a sentence that names it, with its number."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from services.sandbox.box import Backend
from services.sandbox.plan import Plan
from services.sandbox.shellbox import ShellBox
from tests.support.boxes import BACKENDS, SMALL, open_home, working

LIMITS = replace(SMALL, cpu_seconds=1, output_kept=1024 * 1024)
HOG = "python3 -c 'import signal; x = bytes(range(256)) * 400_000; signal.pause()' &"
OPEN = "python3 -c 'import itertools; kept = [open(\"/dev/null\") for _ in itertools.count()]'"


@pytest.fixture(scope="module", params=BACKENDS)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    with open_home() as home:
        async with working(request.param, home, Plan(limits=LIMITS)) as backend:
            yield backend


@pytest.fixture
async def box(backend: Backend, request: pytest.FixtureRequest) -> AsyncIterator[ShellBox]:
    box = await backend.open(backend.home / "ada" / request.node.name.replace("[", "-").replace("]", ""))
    yield box
    await box.close()


@pytest.mark.parametrize(
    ("command", "timeout", "words"),
    [
        pytest.param(f"{HOG} {HOG} {HOG} {HOG} wait -n; kill $(jobs -p)", 20, "256 MiB of memory", id="memory"),
        pytest.param("bomb() { bomb | bomb & }; bomb; sleep 10", 20, "64 processes", id="processes"),
        pytest.param("sh -c 'while :; do :; done'", 20, "1 s of a processor", id="cpu"),
        pytest.param("for i in 1 2 3; do head -c 30M /dev/zero > $i; done; sleep 20", 30, "64 MiB of disk", id="disk"),
        pytest.param("head -c 80M /dev/zero > one", 30, "64 MiB of disk", id="one file"),
        pytest.param(OPEN, 20, "256 files open", id="open files"),
        pytest.param("yes", 30, "printed more", id="output"),
        pytest.param("sleep 30", 0.5, "longer than its 0.5 s", id="time"),
    ],
)
async def test_a_limit_that_was_hit_is_named(box: ShellBox, command: str, timeout: float, words: str):
    ran = await box.run(command, timeout=timeout)
    assert words in ran.limit, ran
    assert ran.limit[0].isupper()
    assert ran.limit.endswith(".")
    assert (await box.run("echo works", timeout=20)).stdout == "works\n"


def test_every_limit_is_described_with_its_number_and_what_holds_it(backend: Backend):
    found = {each.limit: each for each in backend.limits_in_force()}
    assert set(found) == {"memory", "processes", "cpu", "disk", "open files", "output", "time"}
    numbers = {"memory": "256", "processes": "64", "cpu": "1 s", "disk": "2000 files", "open files": "256"}
    assert all(number in found[limit].most for limit, number in numbers.items())
    assert all(each.by for each in found.values())
