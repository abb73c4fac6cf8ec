"""Boxes held by a Docker engine: a container for each, which outlives the service and is found again."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from services.sandbox import folders, rootfs, seccomp
from services.sandbox.box import Backend, BoxStartError, NoSandboxError
from services.sandbox.contained import Contained, enter
from services.sandbox.docker import HOME_LABEL, LINE_LABEL, Container, Engine, Making
from services.sandbox.door import Door, is_held
from services.sandbox.interpreter import AGENT, COMPILE, compiled, pairs
from services.sandbox.limits import Enforcement, container_enforcements
from services.sandbox.network import Gate
from services.sandbox.plan import Plan
from services.sandbox.pool import Pool
from services.sandbox.reach import Reach
from services.sandbox.shellbox import ShellBox
from services.sandbox.started import Ground, first
from services.sandbox.trial import trial

log = logging.getLogger(__name__)

BOOT = "import sys; sys.path.insert(0, '/run'); from agent.main import call; call('/run/line')"
PYTHON = ["python3", "-I", "-S", "-c"]
NO_PYTHON = (
    "The image {image} has no Python of 3.9 or newer on its PATH, which runs the agent in a box; choose another with "
    "DAIMON_SANDBOX_VM_IMAGE, such as python:3.11-slim. ({said})"
)


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """What containers are made of."""

    id: str
    agent: Path
    """The agent, compiled for the image's Python."""


class Containers(Backend):
    """The backend: opens boxes whose doors lie in `home`."""

    name = "docker"

    def __init__(self, home: Path, plan: Plan | None = None, gate: Callable[[Reach], Gate] = Gate) -> None:
        self.home = home
        self._plan = plan or Plan()
        self._gate = gate
        self._preparing = asyncio.Lock()
        self._engine: Engine | None = None
        self._image: Image | None = None
        self._pool = Pool(home / "ready", self._plan.warm, self._spare)

    async def check(self) -> str | None:
        """Start a box for a moment; None when it works, else a sentence with what to do."""
        return await trial(self, self.home)

    async def open(self, root: Path) -> ShellBox:
        """Find the container of `root` again, take one that is ready, or make one."""
        engine, image = await self._prepared()
        reopened = folders.are_used(root)
        ready = None if reopened else await self._pool.take(root)
        if ready is not None:
            ready.belongs_to(root)
        ground = Ground(
            name=self._container(root),
            launch=first(ready, partial(self._started, engine, image, root, folders.prepare(root))),
            limits=self._plan.limits,
            memory_counted=True,
            processes_counted=False,
        )
        box = ShellBox(root, ground, self._gate(self._plan.reach))
        await box.start(reopened=reopened)
        return box

    def limits_in_force(self) -> tuple[Enforcement, ...]:
        """What holds each limit on this machine."""
        return container_enforcements(self._plan.limits)

    async def left(self) -> list[Path]:
        """The roots of boxes that an earlier service left running; what it left otherwise is taken away."""
        engine, _ = await self._prepared()
        roots = []
        for container in await asyncio.to_thread(engine.labelled, HOME_LABEL, str(self.home)):
            door = self._door(container)
            if is_held(door):
                continue
            if container.running and (root := _root_of(door)) is not None:
                roots.append(root)
            else:
                log.info("removed a container that was left over", extra={"action": "box.orphan"})
                await asyncio.to_thread(engine.remove, container.id)
                shutil.rmtree(door, ignore_errors=True)
        return roots

    @property
    def ready(self) -> int:
        """How many are kept ready."""
        return self._pool.ready

    async def keep_ready(self) -> None:
        """Keep containers ready, as many as are wanted."""
        await self._pool.keep()

    async def close(self) -> None:
        """Take away what was kept ready, and let go of the engine."""
        await self._pool.close()
        if self._engine is not None:
            self._engine.close()

    async def _spare(self, root: Path) -> Contained:
        engine, image = await self._prepared()
        return await self._made(engine, image, root, folders.prepare(root))

    async def _prepared(self) -> tuple[Engine, Image]:
        async with self._preparing:
            if self._engine is None or self._image is None:
                self._engine = await asyncio.to_thread(Engine)
                self._image = await asyncio.to_thread(self._compiled, self._engine)
            return self._engine, self._image

    def _compiled(self, engine: Engine) -> Image:
        self._pool.clear()
        cache = self.home / "agent"
        cache.mkdir(parents=True, exist_ok=True, mode=0o755)
        identity = engine.image(self._plan.image)
        return Image(id=identity, agent=compiled(cache, [identity], partial(self._compile, engine)))

    def _compile(self, engine: Engine, scratch: Path) -> None:
        user = os.getuid() or folders.NOBODY
        os.chown(scratch, user, -1)
        words = [*PYTHON, COMPILE, *pairs(Path("/run/source"), Path("/run/compiled"))]
        making = self._making("compile", words, user, [f"{AGENT}:/run/source:ro", f"{scratch}:/run/compiled:rw"])
        try:
            engine.start(making)
            said = "" if engine.wait(making.name) == 0 else engine.words(making.name) or "it failed"
        except BoxStartError as error:
            said = str(error)
            if "executable file not found" not in said:
                raise NoSandboxError(said) from error
        finally:
            engine.remove(making.name)
        if said:
            raise NoSandboxError(NO_PYTHON.format(image=self._plan.image, said=said.splitlines()[-1]))

    async def _started(self, engine: Engine, image: Image, root: Path, user: int) -> Contained:
        for container in await asyncio.to_thread(engine.labelled, HOME_LABEL, str(self.home)):
            # By its note, not its name: one that was kept ready was named before it had an owner.
            if _root_of(self._door(container)) == root:
                door = Door(self._door(container))
                with contextlib.suppress(BoxStartError):
                    if container.running:
                        return await _found(engine, container.id, door)
                await asyncio.to_thread(engine.remove, container.id)
                door.remove()
        made = await self._made(engine, image, root, user)
        made.belongs_to(root)
        return made

    async def _made(self, engine: Engine, image: Image, root: Path, user: int) -> Contained:
        line = os.urandom(8).hex()
        door = Door(self.home / "doors" / line)
        self._furnish(door, user)
        shown = {"work": "/home/box", "data": "/data", "return": "/return"}
        binds = [f"{root / name}:{at}:rw" for name, at in shown.items()]
        binds += [f"{image.agent}:/run/agent:ro", f"{door.inside}:/run/line:ro"]
        binds += [f"{door.inside / name}:/etc/{name}:ro" for name in ("passwd", "group")]
        making = self._making(self._container(root), [*PYTHON, BOOT], user, binds, {LINE_LABEL: line})
        with contextlib.ExitStack() as undo:
            undo.callback(door.remove)
            identity = await asyncio.to_thread(engine.start, making)
            undo.pop_all()
        return await enter(engine, identity, door)

    def _making(
        self, name: str, command: list[str], user: int, binds: list[str], labels: dict[str, str] | None = None
    ) -> Making:
        return Making(
            name=name if labels else f"daimon-{name}-{os.urandom(4).hex()}",
            image=self._plan.image,
            command=command,
            user=user,
            binds=binds,
            environment=rootfs.variables(),
            labels={HOME_LABEL: str(self.home), **(labels or {})},
            limits=self._plan.limits,
            runtime=self._plan.runtime,
        )

    @staticmethod
    def _furnish(door: Door, user: int) -> None:
        """Put into the door's folder what the container needs to begin."""
        (door.inside / "filter").write_bytes(seccomp.program(memory_counted=True))
        for name in ("passwd", "group"):
            text = rootfs.FILES_WRITTEN[name].replace(str(rootfs.USER), str(user))
            (door.inside / name).write_text(text, encoding="utf-8")

    def _container(self, root: Path) -> str:
        return f"daimon-{hashlib.sha256(os.fsencode(root)).hexdigest()[:20]}"

    def _door(self, container: Container) -> Path:
        return self.home / "doors" / container.labels.get(LINE_LABEL, "-")


async def _found(engine: Engine, identity: str, door: Door) -> Contained:
    contained = await enter(engine, identity, door)
    contained.kept = True
    return contained


def _root_of(door: Path) -> Path | None:
    try:
        return Path((door / "root").read_text(encoding="utf-8"))
    except OSError:
        return None
