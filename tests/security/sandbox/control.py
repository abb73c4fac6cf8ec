"""The control box: what people often take for a sandbox, in which most of what is attempted must succeed."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

import docker
from docker.errors import APIError
from docker.models.containers import Container

from services.sandbox.interpreter import AGENT
from tests.security.sandbox.attempts import Attempt
from tests.support.boxes import image

WITHIN = 40
AT_A_TIME = 3
SOCKET = "/var/run/docker.sock"
# All but what would end the machine or put it into another time, and SYS_RESOURCE, which a machine that is itself a
# container may not have to give.
CAPABILITIES = (
    *("AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "CHOWN"),
    *("DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE"),
    *("LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST"),
    *("NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_CHROOT", "SYS_NICE"),
    *("SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_TTY_CONFIG", "WAKE_ALARM"),
)


async def escapes(attempts: Iterable[Attempt], outside: dict[str, object]) -> set[str]:
    """What succeeds in a privileged container with the engine's socket in it; what would do harm is left out."""
    todo = [attempt for attempt in attempts if not attempt.control]
    found: set[str] = set()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_A_TIME):
            group.create_task(_work_off(todo, outside, found))
    return found


async def _work_off(todo: list[Attempt], outside: dict[str, object], found: set[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="daimon-control-", ignore_cleanup_errors=True) as folder:
        box = await asyncio.to_thread(Control, Path(folder))
        try:
            while todo:
                attempt = todo.pop()
                if await asyncio.to_thread(box.escaped, attempt, outside):
                    found.add(attempt.what)
        finally:
            await asyncio.to_thread(box.close)


class Control:
    """The container, made anew when an attempt has spoiled it."""

    def __init__(self, folder: Path) -> None:
        self._client = docker.from_env()
        self._folder = folder
        for name in ("work", "data", "return", "agent", "line"):
            (folder / name).mkdir()
        for source in AGENT.glob("*.py"):
            (folder / "agent" / source.name).write_bytes(source.read_bytes())
        self._container = self._made()

    def _made(self) -> Container:
        api = self._client.api
        shown = {"work": "/home/box", "data": "/data", "return": "/return", "agent": "/run/agent", "line": "/run/line"}
        config = api.create_host_config(
            binds=[f"{SOCKET}:{SOCKET}", *(f"{self._folder / name}:{at}" for name, at in shown.items())],
            cap_add=list(CAPABILITIES),
            devices=[device for device in ("/dev/kmsg:/dev/kmsg:rwm",) if Path("/dev/kmsg").exists()],
            mem_limit="1g",
            pids_limit=500,
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
        )
        # As `--privileged` has it: nothing of /proc and /sys is hidden or read-only.
        config |= {"MaskedPaths": [], "ReadonlyPaths": []}
        words = ["sleep", "infinity"]
        made = api.create_container(image(), words, host_config=config, user="0", working_dir="/home/box")
        container = self._client.containers.get(made["Id"])
        with contextlib.ExitStack() as undo:
            undo.callback(container.remove, force=True)
            container.start()
            undo.pop_all()
        return container

    def escaped(self, attempt: Attempt, outside: dict[str, object]) -> bool:
        """Make an attempt; whether it succeeded."""
        words = ["timeout", "-s", "KILL", str(WITHIN), "bash", "-c", attempt.command(outside)]
        try:
            answer = self._container.exec_run(words)
            printed = answer.output.decode("utf-8", "replace")
        except APIError:
            printed = ""
        if not self._is_well():
            self.close()
            self._container = self._made()
        return "ESCAPED" in printed

    def _is_well(self) -> bool:
        try:
            return bool(self._container.exec_run(["python3", "-c", "print('works')"]).output == b"works\n")
        except APIError:
            return False

    def close(self) -> None:
        """End it."""
        self._container.remove(force=True)
