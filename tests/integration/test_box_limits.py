"""A box that wants more than its share is stopped, told why, and usable again at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.sandbox.bubblewrap import Bubblewrap
from services.sandbox.limits import Limits
from services.sandbox.plan import Plan
from services.sandbox.shellbox import ShellBox

MIB = 1024 * 1024
SMALL = Limits(
    memory=256 * MIB, processes=64, disk=64 * MIB, files=2000, tmp=32 * MIB, output_kept=8 * MIB, cpu_seconds=2
)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Bubblewrap:
    return Bubblewrap(tmp_path_factory.mktemp("boxes"), Plan(limits=SMALL))


@pytest.fixture
async def box(backend: Bubblewrap, tmp_path: Path) -> AsyncIterator[ShellBox]:
    box = await backend.open(tmp_path / "box")
    yield box
    await box.close()


async def limit_of(box: ShellBox, command: str) -> str:
    """The limit a command ran into; the next one must work at once."""
    ran = await box.run(command, timeout=20)
    after = await box.run("echo works", timeout=30)
    assert (after.stdout, after.seconds < 8) == ("works\n", True), after
    return ran.limit


async def test_too_many_processes(box: ShellBox):
    assert "64 processes" in await limit_of(box, "bomb() { bomb | bomb & }; bomb; sleep 10")


async def test_processes_that_use_too_much_memory_together(box: ShellBox):
    hog = "python3 -c 'x = bytearray(90 << 20); import signal; signal.pause()' &"
    assert "256 MiB of memory" in await limit_of(box, f"{hog} {hog} {hog} {hog} wait")


async def test_one_process_that_uses_too_much_memory_fails_by_itself(box: ShellBox):
    ran = await box.run("python3 -c 'bytearray(400 << 20)'", timeout=10)
    assert "MemoryError" in ran.stderr or ran.limit


async def test_memory_that_is_shared_counts_too(box: ShellBox):
    share = "import mmap, time; m = mmap.mmap(-1, 400 << 20); [m.write(b'x' * (1 << 20)) for _ in range(400)]"
    assert "256 MiB of memory" in await limit_of(box, f'python3 -c "{share}; time.sleep(10)"')


async def test_too_much_disk(box: ShellBox):
    fill = "for i in 1 2 3; do head -c 30M /dev/zero > $i; done; sleep 10"
    assert "64 MiB of disk" in await limit_of(box, fill)


async def test_a_full_box_deletes_but_does_not_write_and_says_so(box: ShellBox):
    await box.run("for i in 1 2 3; do head -c 30M /dev/zero > $i; done; sleep 10", timeout=20)
    ran = await box.run("echo more > more; cat more", timeout=10)
    assert ran.stdout == ""
    assert "full" in ran.note
    assert (await box.run("rm 1 2 3", timeout=10)).exit_code == 0
    ran = await box.run("echo more > more; cat more", timeout=10)
    assert (ran.stdout, ran.note) == ("more\n", "")


async def test_too_many_files(box: ShellBox):
    fill = "i=0; while :; do : > f$i; i=$((i+1)); done"
    assert "2000 files" in await limit_of(box, fill)


async def test_too_many_files_in_memory(box: ShellBox):
    fill = "import itertools; [open(f'/dev/shm/{n}', 'w').close() for n in itertools.count()]"
    assert "2000 files" in await limit_of(box, f'python3 -c "{fill}"')


async def test_deleted_files_that_are_still_open_count(box: ShellBox):
    fill = "exec 5>a 6>b; rm a b; head -c 50M /dev/zero >&5; head -c 50M /dev/zero >&6; sleep 10"
    assert "64 MiB of disk" in await limit_of(box, fill)


async def test_files_that_grow_while_no_command_runs(box: ShellBox):
    await box.run(
        "(sleep 0.2; for i in 1 2 3; do head -c 30M /dev/zero > $i; done; touch filled; sleep 60) &", timeout=10
    )
    await box.run("until [ -e filled ]; do sleep 0.05; done", timeout=10)
    # Whichever sees it first, the round between commands or the next command: the writer must be gone after both.
    await box.look()
    ran = await box.run("jobs -r", timeout=10)
    assert ran.stdout == ""


async def test_too_much_output(box: ShellBox):
    ran = await box.run("yes", timeout=20)
    assert "printed more" in ran.limit
    assert ran.truncated


async def test_memory_in_files_has_an_end(box: ShellBox):
    ran = await box.run(
        "head -c 100M /dev/zero > /tmp/x; head -c 100M /dev/zero > /run/x; df -B1 /tmp /run", timeout=20
    )
    assert "No space left" in ran.stderr


async def test_too_much_cpu(box: ShellBox):
    ran = await box.run("sh -c 'while :; do :; done'", timeout=90)
    assert ran.limit == "A process may use 2 s of a processor; it was ended."


async def test_no_core_is_dumped_and_descriptors_have_an_end(box: ShellBox):
    ran = await box.run("ulimit -c; ulimit -Hn; sh -c 'kill -SEGV $$'; ls", timeout=10)
    assert ran.stdout == f"0\n{SMALL.open_files}\n"


async def test_limits_cannot_be_raised_from_inside(box: ShellBox):
    ran = await box.run(
        "ulimit -u 10000; ulimit -n 100000; ulimit -f unlimited; ulimit -d unlimited; ulimit -t 9999", timeout=10
    )
    assert ran.stderr.count("cannot modify limit") + ran.stderr.count("Operation not permitted") >= 4
