"""Real boxes: what lasts in them, what ends, and what is said about it."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.sandbox.box import BoxClosedError, BoxStartError, NoSandboxError
from services.sandbox.boxes import Boxes
from services.sandbox.bubblewrap import NO_NAMESPACES, Bubblewrap, find_bwrap
from services.sandbox.limits import Limits
from services.sandbox.plan import Plan
from services.sandbox.shellbox import ANEW, ENDED, ShellBox

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
SMALL = Limits(memory=256 * MIB, processes=64, disk=64 * MIB, files=2000, tmp=32 * MIB)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("boxes")


@pytest.fixture(scope="module")
def backend(home: Path) -> Bubblewrap:
    return Bubblewrap(home, Plan(limits=SMALL))


@pytest.fixture
async def box(backend: Bubblewrap, tmp_path: Path) -> AsyncIterator[ShellBox]:
    box = await backend.open(tmp_path / "box")
    yield box
    await box.close()


async def said(box: ShellBox, command: str, timeout: float = 10) -> str:
    """What a command that must succeed prints."""
    ran = await box.run(command, timeout=timeout)
    assert ran.exit_code == 0, ran
    return ran.stdout


async def gone(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = await asyncio.to_thread(select.select, [handle], [], [], 10)
    os.close(handle)
    assert ready, f"process {pid} lives on"


async def test_it_works_on_this_machine(backend: Bubblewrap):
    assert await backend.check() is None


async def test_outputs_and_exit_code_are_told_apart(box: ShellBox):
    ran = await box.run("echo out; echo err >&2; exit_code() { return 7; }; exit_code", timeout=10)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (7, "out\n", "err\n")
    assert (ran.truncated, ran.limit, ran.note) == (False, "", "")
    assert 0 < ran.seconds < 10


async def test_it_is_a_small_linux_of_its_own(box: ShellBox):
    assert await said(box, "hostname; whoami; id -u; pwd; echo $HOME; uname") == (
        "box\nbox\n1000\n/home/box\n/home/box\nLinux\n"
    )


async def test_folder_variables_functions_and_background_processes_last(box: ShellBox):
    await said(box, "cd /tmp; here=5; export there=6; greet() { echo hello $1; }; sleep 300 & worker=$!")
    assert await said(box, "pwd; echo $here; sh -c 'echo $there'; greet ada; kill -0 $worker && echo alive") == (
        "/tmp\n5\n6\nhello ada\nalive\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        "echo 'unterminated",
        "if then",
        "((",
        "nosuchcommand",
        "cd /nowhere",
        "${bad",
        "exec 9>&-; false",
        ")",
        "set -u; $x",
    ],
)
async def test_a_wrong_command_spoils_nothing(box: ShellBox, command: str):
    assert (await box.run(command, timeout=10)).exit_code != 0
    assert await said(box, "echo fine") == "fine\n"


async def test_quotes_newlines_and_unicode_arrive_as_they_were_sent(box: ShellBox):
    command = 'cat <<\'END\'\nit\'s "quoted" $HOME `x` ü€\\\n\ttab\nEND\necho "two\nlines"'
    assert await said(box, command) == 'it\'s "quoted" $HOME `x` ü€\\\n\ttab\ntwo\nlines\n'


async def test_a_long_script_runs(box: ShellBox):
    script = "x=0\n" + "x=$((x+1))\n" * 5000 + "echo $x; cd /tmp"
    assert await said(box, script) == "5000\n"
    assert await said(box, "pwd") == "/tmp\n"


async def test_standard_input_is_empty(box: ShellBox):
    assert await said(box, "cat; read line || echo nothing") == "nothing\n"


async def test_output_is_heard_while_the_command_runs(box: ShellBox):
    heard: list[tuple[str, str]] = []

    def answer(name: str, text: str) -> None:
        heard.append((name, text))
        (box.root / "work" / "go").touch()

    ran = await box.run(
        "echo first; until [ -e go ]; do sleep 0.01; done; echo second >&2", timeout=10, on_output=answer
    )
    assert ran.exit_code == 0
    assert heard == [("out", "first\n"), ("err", "second\n")]


async def test_long_output_is_cut_in_the_middle_and_kept_whole_in_the_box(box: ShellBox):
    ran = await box.run("seq 100000; echo end", timeout=10)
    assert ran.truncated
    assert ran.stdout.startswith("1\n2\n")
    assert ran.stdout.endswith("100000\nend\n")
    assert len(ran.stdout) < SMALL.output + 200
    whole = ran.stdout.partition("the whole is in ")[2].partition(" …")[0]
    assert await said(box, f"cksum < {whole}") == await said(box, "(seq 100000; echo end) | cksum")


async def test_bytes_that_are_no_text_do_no_harm(box: ShellBox):
    assert "\ufffd" in await said(box, "head -c 1000 /dev/urandom")


async def test_a_command_that_takes_too_long_is_stopped_and_the_shell_goes_on(box: ShellBox):
    await said(box, "here=5; cd /tmp")
    ran = await box.run("echo begun; sleep 60; echo never", timeout=0.3)
    assert (ran.exit_code, ran.stdout) == (124, "begun\n")
    assert ran.limit == "The command was stopped: it ran longer than its 0.3 s."
    assert ran.seconds < 30
    assert await said(box, "echo $here; pwd") == "5\n/tmp\n"


@pytest.mark.parametrize(
    "loop", ["while :; do :; done", "f() { f2; }; f2() { while true; do sleep 5; done; }; f; echo n"]
)
async def test_a_loop_of_the_shell_itself_is_stopped_too(box: ShellBox, loop: str):
    await said(box, "here=5")
    ran = await box.run(loop, timeout=0.2)
    assert (ran.exit_code, ran.stdout, ran.note) == (124, "", "")
    assert await said(box, "echo $here") == "5\n"


async def test_a_command_that_ignores_every_asking_is_killed_and_the_rest_of_its_line_does_not_run(box: ShellBox):
    await said(box, "here=5")
    deaf = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; print(1, flush=True)"
    ran = await box.run(f'python3 -c "{deaf}; time.sleep(60)"; echo never', timeout=0.5)
    assert (ran.exit_code, ran.stdout) == (124, "1\n")
    assert ran.seconds < 30
    assert await said(box, "echo $here") == "5\n"


async def test_a_shell_that_cannot_be_interrupted_is_replaced(box: ShellBox):
    await said(box, "cd /tmp")
    ran = await box.run("trap '' INT TERM PWR; while :; do :; done", timeout=0.2)
    assert ran.exit_code == 124
    assert "a new one was started" in ran.note
    assert await said(box, "pwd") == "/tmp\n"


async def test_stopping_a_command_leaves_older_background_processes_alone(box: ShellBox):
    await said(box, "sleep 300 & older=$!")
    await box.run("sleep 301 & echo $! > newer; sleep 60", timeout=0.3)
    ran = await box.run("kill -0 $older && echo older; kill -0 $(cat newer) && echo newer", timeout=10)
    assert ran.stdout == "older\n"


@pytest.mark.parametrize(("command", "code"), [("exit 3", 3), ("exec sh -c 'exit 4'", 4), ("kill -9 $$", 137)])
async def test_a_command_that_ends_the_shell_is_survived(box: ShellBox, command: str, code: int):
    await said(box, "cd /tmp; sleep 300 & echo $! > ~/older")
    ran = await box.run(command, timeout=10)
    assert ran.exit_code == code
    assert "a new one was started" in ran.note
    assert await said(box, "pwd; kill -0 $(cat ~/older) && echo alive") == "/tmp\nalive\n"


async def test_commands_wait_for_each_other(box: ShellBox):
    slow = asyncio.create_task(box.run("sleep 0.2; echo 1 >> order", timeout=10))
    await asyncio.sleep(0)
    await asyncio.gather(slow, *(box.run(f"echo {n} >> order", timeout=10) for n in (2, 3, 4)))
    assert await said(box, "cat order") == "1\n2\n3\n4\n"
    assert not box.busy


async def test_cancelling_stops_the_command(box: ShellBox):
    begun = asyncio.Event()
    task = asyncio.create_task(
        box.run("echo on; sleep 60; echo never > trace", timeout=90, on_output=lambda *_: begun.set())
    )
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await said(box, "ls") == ""


async def test_a_thousand_quick_commands_in_a_row(box: ShellBox):
    for number in range(1000):
        ran = await box.run(f"n=$((n+1)); echo {number}", timeout=10)
        assert ran.stdout == f"{number}\n"
    # Of all their pipes only this command's own two are left, and the shell holds no more than it began with.
    assert await said(box, "echo $n; find /run -type p | wc -l; set -- /proc/$$/fd/*; echo $#") == "1000\n2\n9\n"


@pytest.mark.parametrize(
    "harm", ["rm -rf /run/*/[0-9a-f]*", "chmod 000 /run/*", "mkfifo /run/script; ln -sf /nowhere /run/x"]
)
async def test_harm_to_the_folder_of_its_pipes_is_survived(box: ShellBox, harm: str):
    await box.run(f"here=5; {harm} 2> /dev/null; find /run -type d -empty -delete", timeout=10)
    assert await said(box, "echo $here") == "5\n"
    assert await said(box, "echo $here" + " " * 5000) == "5\n"


async def test_many_background_writers_neither_block_nor_break_the_box(box: ShellBox):
    for _ in range(4):
        await said(box, "for i in 1 2 3 4; do (sleep 0.2; head -c 200000 /dev/zero; echo done >> ready) & done")
    await said(box, "until [ $(wc -l < ready) = 16 ]; do sleep 0.05; done")


async def test_a_killed_agent_is_replaced_files_are_kept_and_it_is_said(box: ShellBox):
    await said(box, "echo kept > file; here=5")
    before = box.agent
    os.kill(before, signal.SIGKILL)
    await gone(before)
    ran = await box.run("cat file; echo $here", timeout=10)
    assert (ran.stdout, ran.note) == ("kept\n\n", ANEW)
    assert box.agent != before
    assert (await box.run("true", timeout=10)).note == ""


async def test_an_agent_killed_during_a_command_is_told_at_once(box: ShellBox):
    begun = asyncio.Event()
    task = asyncio.create_task(box.run("echo on; sleep 60", timeout=90, on_output=lambda *_: begun.set()))
    await begun.wait()
    os.kill(box.agent, signal.SIGKILL)
    ran = await asyncio.wait_for(task, 30)
    assert (ran.exit_code, ran.stdout, ran.note) == (137, "on\n", ENDED)
    assert await said(box, "echo back") == "back\n"


async def test_an_agent_that_does_not_answer_is_replaced(box: ShellBox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.sandbox.shellbox.GRACE", 0.5)
    os.kill(box.agent, signal.SIGSTOP)
    ran = await box.run("echo never", timeout=0.5)
    assert (ran.exit_code, ran.note) == (137, ENDED)
    assert await said(box, "echo back") == "back\n"


async def test_files_last_over_a_restart_of_the_service_and_processes_are_declared_lost(home: Path, tmp_path: Path):
    for expected in ("", ANEW):
        backend = Bubblewrap(home, Plan(limits=SMALL))
        box = await backend.open(tmp_path / "box")
        try:
            ran = await box.run("ls; touch kept", timeout=10)
            assert ran.note == expected
        finally:
            await box.close()
    assert ran.stdout == "kept\n"


async def test_uploads_and_returns_are_the_same_files_inside_and_outside(box: ShellBox):
    (box.root / "data" / "für dich.txt").write_text("hello")
    assert await said(box, "cat '/data/für dich.txt'; echo result > /return/answer") == "hello"
    assert (box.root / "return" / "answer").read_text() == "result\n"


async def test_boxes_see_nothing_of_each_other(backend: Bubblewrap, box: ShellBox, tmp_path: Path):
    other = await backend.open(tmp_path / "other")
    try:
        await said(box, "echo secret > /tmp/a; echo secret > ~/b; echo secret > /dev/shm/c; sleep 4711 &")
        assert await said(other, "ls /tmp ~ /dev/shm; pgrep -f 4711; true") == "/dev/shm:\n\n/home/box:\n\n/tmp:\n"
    finally:
        await other.close()


async def test_closing_ends_every_process(box: ShellBox):
    agent = box.agent
    await said(box, "nohup setsid sleep 300 & (sleep 300 &)")
    await box.close()
    await gone(agent)
    with pytest.raises(BoxClosedError):
        await box.run("true", timeout=10)


SERVICE = """
import asyncio, sys
from pathlib import Path
from services.sandbox.bubblewrap import Bubblewrap
async def main():
    box = await Bubblewrap(Path(sys.argv[1])).open(Path(sys.argv[1]) / "box")
    await box.run("setsid sleep 300 &", timeout=10)
    print(box.agent, flush=True)
    await box.run("sleep 300", timeout=300)
asyncio.run(main())
"""


async def test_a_box_dies_with_its_service(tmp_path: Path):
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVICE, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout
    agent = int(await service.stdout.readline())
    service.kill()
    await gone(agent)
    await service.wait()


async def test_idle_boxes_are_closed_and_come_back(backend: Bubblewrap, tmp_path: Path):
    async with Boxes(tmp_path, backend, idle=0) as boxes:
        first = await boxes.box("ada", "one")
        await first.run("echo kept > file", timeout=10)
        await boxes.tidy()
        second = await boxes.box("ada", "one")
        ran = await second.run("cat file", timeout=10)
    assert (second is first, ran.stdout, ran.note) == (False, "kept\n", ANEW)


async def test_a_box_can_run_on_the_services_own_python(tmp_path: Path):
    backend = Bubblewrap(tmp_path, Plan(python=str(Path(sys.base_prefix) / "bin" / "python3")))
    assert await backend.check() is None


async def test_a_plain_sh_is_enough(backend: Bubblewrap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.sandbox.rootfs.SHELLS", ("/bin/sh",))
    box = await backend.open(tmp_path / "box")
    try:
        await said(box, "cd /tmp; here=5; greet() { echo hello; }")
        assert (await box.run("echo 'unterminated", timeout=10)).exit_code != 0
        assert (await box.run("while :; do :; done; echo never", timeout=0.2)).exit_code == 124
        assert await said(box, "pwd; echo $here; greet") == "/tmp\n5\nhello\n"
        assert (await box.run("exit 3", timeout=10)).exit_code == 3
        assert await said(box, "pwd") == "/tmp\n"
    finally:
        await box.close()


async def test_a_missing_bwrap_is_told(tmp_path: Path):
    assert "no bwrap at /nowhere/bwrap" in str(await Bubblewrap(tmp_path, Plan(bwrap="/nowhere/bwrap")).check())
    with pytest.raises(NoSandboxError):
        await Bubblewrap(tmp_path, Plan(bwrap="/nowhere/bwrap")).open(tmp_path / "box")


async def test_a_missing_python_is_told(tmp_path: Path):
    assert "install python3" in str(await Bubblewrap(tmp_path, Plan(python="/nowhere/python3")).check())


CHECK = """
import asyncio, sys
from pathlib import Path
from services.sandbox.bubblewrap import Bubblewrap
print(asyncio.run(Bubblewrap(Path(sys.argv[1])).check()))
"""


async def test_a_machine_without_user_namespaces_is_told_what_to_do(tmp_path: Path):
    forbidding = [str(find_bwrap("")), "--unshare-user", "--disable-userns", "--dev-bind", "/", "/"]
    checked = await asyncio.create_subprocess_exec(
        *forbidding, sys.executable, "-c", CHECK, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(checked.communicate(), 30)
    assert told.decode().startswith(NO_NAMESPACES)


async def test_a_box_that_cannot_start_says_why(tmp_path: Path):
    false = tmp_path / "bwrap"
    false.write_text("#!/bin/sh\necho 'bwrap: something odd' >&2; exit 1\n")
    false.chmod(0o755)
    with pytest.raises(BoxStartError, match="something odd"):
        await Bubblewrap(tmp_path, Plan(bwrap=str(false))).open(tmp_path / "box")


async def test_a_new_box_and_a_warm_command_are_quick(backend: Bubblewrap, tmp_path: Path):
    began = time.perf_counter()
    box = await backend.open(tmp_path / "quick")
    started = time.perf_counter() - began
    took = sorted([(await box.run("true", timeout=10)).seconds for _ in range(200)])
    await box.close()
    # Far above the goals (25 ms and 2 ms), for machines that are busy: what must not happen is another order.
    assert started < 5
    assert took[100] < 0.02
