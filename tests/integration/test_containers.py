"""What is peculiar to boxes in containers: the engine may be away, the image may be wrong."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest

from services.sandbox.box import BoxStartError, NoSandboxError
from services.sandbox.boxes import Boxes
from services.sandbox.containers import Containers
from services.sandbox.plan import Plan
from services.sandbox.shellbox import ShellBox
from tests.support.boxes import SMALL, gone, image, open_home, working

PLAN = Plan(limits=SMALL, image=image())
EMPTY = "daimon-test-empty"


@pytest.fixture(scope="module")
async def backend() -> AsyncIterator[Containers]:
    with open_home() as home:
        async with working("docker", home) as backend:
            assert isinstance(backend, Containers)
            yield backend


def containers_of(home: Path) -> list[str]:
    with contextlib.closing(docker.from_env()) as client:
        found = client.containers.list(all=True, filters={"label": f"daimon.home={home}"})
        return [container.name for container in found]


@contextlib.asynccontextmanager
async def made(home: Path, plan: Plan) -> AsyncIterator[Containers]:
    backend = Containers(home, plan)
    try:
        yield backend
    finally:
        await backend.close()


async def said(box: ShellBox, command: str) -> str:
    ran = await box.run(command, timeout=20)
    assert ran.exit_code == 0, ran
    return ran.stdout


async def test_a_missing_image_is_told_with_the_command_that_makes_it(backend: Containers, tmp_path: Path):
    async with made(tmp_path, Plan(image="daimon-no-such-image")) as other:
        told = await other.check()
    assert told is not None
    assert "no image daimon-no-such-image" in told
    assert "`docker pull daimon-no-such-image`" in told
    assert "docker import" in told


async def test_an_image_without_python_is_told(backend: Containers, tmp_path: Path):
    nothing = io.BytesIO()
    with tarfile.open(fileobj=nothing, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    client = docker.from_env()
    client.api.import_image_from_data(nothing.getvalue(), repository=EMPTY, tag="latest")
    try:
        async with made(tmp_path, Plan(image=f"{EMPTY}:latest")) as other:
            told = await other.check()
    finally:
        client.images.remove(f"{EMPTY}:latest")
        client.close()
    assert told is not None
    assert told.startswith(f"The image {EMPTY}:latest has no Python of 3.9 or newer")


async def test_an_engine_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    told = await Containers(tmp_path, PLAN).check()
    assert told is not None
    assert told.startswith("No Docker engine answers")
    with pytest.raises(NoSandboxError):
        await Containers(tmp_path, PLAN).open(tmp_path / "box")


async def test_an_engine_on_another_machine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert "Docker engine" in str(await Containers(tmp_path, PLAN).check())


async def test_boxes_that_an_earlier_service_left_are_found_at_the_start_and_closed_when_idle(backend: Containers):
    with open_home() as home:
        first = Containers(home, PLAN)
        async with Boxes(home, first) as boxes:
            await (await boxes.box("ada", "talk")).run("here=5; sleep 300 &", timeout=10)
            root = boxes.root("ada", "talk")
        second = Containers(home, PLAN)
        async with Boxes(home, second, idle=0) as boxes:
            async with asyncio.timeout(30):
                while not boxes._boxes:
                    await asyncio.to_thread(time.sleep, 0.02)
            assert list(boxes._boxes) == [root]
            assert await said(await boxes.box("ada", "talk"), "echo $here") == "5\n"
            await boxes.tidy()
        assert containers_of(home) == []


async def test_a_box_whose_files_were_taken_away_with_its_service_ends(backend: Containers):
    with open_home() as home:
        async with made(home, PLAN) as other:
            box = await other.open(home / "ada" / "one")
            assert isinstance(box, ShellBox)
            agent = box.agent
            await box.leave()
    await gone(agent)
    with contextlib.closing(docker.from_env()) as client:
        for container in client.containers.list(all=True, filters={"label": f"daimon.home={home}"}):
            container.remove(force=True)


async def test_a_box_is_held_by_one_service_at_a_time(backend: Containers):
    box = await backend.open(backend.home / "ada" / "held")
    try:
        async with made(backend.home, PLAN) as other:
            with pytest.raises(BoxStartError, match="held by another sandbox service"):
                await other.open(backend.home / "ada" / "held")
        assert await said(box, "echo fine") == "fine\n"
    finally:
        await box.close()


PRETEND = """
import socket, time
while True:
    line = socket.socket(socket.AF_UNIX)
    try: line.connect('/run/line/socket')
    except OSError: time.sleep(0.001)
"""


async def test_nobody_but_the_agent_is_let_in_at_the_door(backend: Containers):
    root = backend.home / "ada" / "door"
    box = await backend.open(root)
    await said(box, f"here=5; cat > ~/pretend.py <<'END'{PRETEND}END\npython3 ~/pretend.py & sleep 0.2")
    await box.leave()
    async with made(backend.home, PLAN) as other:
        again = await other.open(root)
        assert await said(again, "echo $here") == "5\n"
        await again.close()


@pytest.fixture
def own_engine(backend: Containers) -> Iterator[OwnEngine]:
    if not shutil.which("dockerd") or os.getuid() != 0:
        pytest.skip("there is no dockerd here, or no right to start one that may be killed")
    with tempfile.TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True) as folder:
        engine = OwnEngine(Path(folder))
        try:
            yield engine
        finally:
            engine.stop()


class OwnEngine:
    """An engine that may be killed."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix://{folder}/docker.sock"
        self._folder = folder
        self.start()
        with contextlib.closing(docker.from_env()) as theirs, self._client() as ours:
            ours.images.load(theirs.images.get(image()).save(named=True))

    def _client(self) -> contextlib.closing[docker.DockerClient]:
        return contextlib.closing(docker.DockerClient(self.address, timeout=60))

    def start(self) -> None:
        # In a network of its own: it would take the bridge of another engine on this machine for its own.
        words = ["unshare", "--net", "dockerd", "--host", self.address, "--iptables=false"]
        for name in ("data-root", "exec-root"):
            words += [f"--{name}", str(self._folder / name)]
        (self._folder / "pid").unlink(missing_ok=True)
        words += ["--pidfile", str(self._folder / "pid")]
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if (
                subprocess.run(["docker", "-H", self.address, "version"], capture_output=True, check=False).returncode
                == 0
            ):
                return
            time.sleep(0.1)
        pytest.fail((self._folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End what it started: its containerd, and what that keeps for each container."""
        self.kill()
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if f"{self._folder}/exec-root".encode() in path.read_bytes():
                    os.kill(int(path.parent.name), signal.SIGKILL)


@pytest.mark.timeout(240)
async def test_a_killed_engine_takes_no_box_with_it_and_boxes_end_without_it(
    own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DOCKER_HOST", own_engine.address)
    with open_home() as home:
        async with made(home, PLAN) as backend:
            box = await backend.open(home / "ada" / "one")
            await said(box, "here=5; echo kept > file")
            own_engine.kill()
            assert await said(box, "echo $here") == "5\n"
            with pytest.raises(BoxStartError, match="No Docker engine answers"):
                await backend.open(home / "ada" / "two")
            agent = box.agent
            await box.close()
            await gone(agent)
