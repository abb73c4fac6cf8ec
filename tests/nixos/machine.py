"""A machine to boot: this one's /usr with an empty rest, systemd as its first process, in a container of its own."""

from __future__ import annotations

import asyncio
import compileall
import io
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tests.support.whole import ROOT

IMAGE = "daimon-machine:test"
CHECKOUT = "/opt/daimon"
DAIMON = f"{CHECKOUT}/bin/daimon"
SYSTEMD = Path("/usr/lib/systemd/systemd")
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
FOLDERS = (
    *("etc/systemd/system", "var/lib", "var/log", "run", "tmp", "proc", "sys", "dev"),
    *("root", "home/somebody", "opt", "usr"),
)
LIBRARIES = sorted(Path("/usr/lib").glob("*-linux-gnu"))
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files systemd\ngroup: files systemd\nhosts: files\n",
    "etc/machine-id": "",
    # Before the machine's own, for a Python that is not where it was made finds its library by this.
    "etc/ld.so.conf": "/opt/python/lib\n/usr/local/lib\n" + "".join(f"{path}\n" for path in LIBRARIES),
    "home/somebody/diary": "secret\n",
}
RIGHTS = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_NICE")
UNCONFINED = ("seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined")
FIRST = f"mount --make-rshared / && exec {SYSTEMD}"
"""Mounts are shared, as they are where systemd was started by a kernel: credentials reach units by that."""
WITHIN = 120.0


class Ran(msgspec.Struct, frozen=True):
    """What a command in the machine did."""

    code: int
    out: str


def lacks() -> str:
    """Why no machine can be booted here, or ''."""
    if not SYSTEMD.exists():
        return "this machine has no systemd whose copy could be booted; install systemd"
    if shutil.which("docker") is None or not _answers("docker", "info"):
        return "no Docker engine answers, in which a machine could be booted"
    if os.geteuid():
        return "only root may hand the whole of /usr to a container"
    return ""


class Machine:
    """A booted machine."""

    def __init__(self, container: str, network: str) -> None:
        self.container = container
        self.address = _shown(container, network, "IPAddress")
        self.outside = _shown(container, network, "Gateway")
        """Another machine: the one the container runs on."""

    async def run(self, *words: str, check: bool = True) -> str:
        """Run a command in it as root; its output."""
        ran = await self.tried(*words)
        assert ran.code == 0 or not check, f"{' '.join(words)}: {ran.out}"
        return ran.out

    async def tried(self, *words: str) -> Ran:
        """Run a command that may fail."""
        command = ("docker", "exec", self.container, *words)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(WITHIN):
            out, _ = await process.communicate()
        return Ran(process.returncode or 0, out.decode(errors="replace"))

    async def timed(self, *words: str) -> float:
        """Run a command; the seconds it took."""
        began = time.monotonic()
        await self.run(*words)
        return time.monotonic() - began

    async def write(self, path: str, text: str) -> None:
        """Write a file in it."""
        await self.run("sh", "-c", 'printf %s "$2" > "$1"', "sh", path, text)

    async def shown(self, unit: str, name: str) -> str:
        """What systemd says of a unit."""
        return (await self.run("systemctl", "show", "--value", "--property", name, unit)).strip()

    async def journal(self, *words: str) -> str:
        """What the machine has logged."""
        return await self.run("journalctl", "--no-pager", *words)


@asynccontextmanager
async def booted(directory: Path) -> AsyncIterator[Machine]:
    """Boot a machine with this checkout in /opt, and take it away in the end."""
    # A network of its own: the engine's default one is everybody's.
    network = f"daimon-{secrets.token_hex(4)}"
    _docker("network", "create", network)
    started = ""
    try:
        started = await asyncio.to_thread(_start, directory, network)
        machine = Machine(started, network)
        await machine.run("sh", "-c", "until systemctl is-system-running --wait >/dev/null 2>&1; do sleep 0.1; done")
        await machine.run("ldconfig")
        yield machine
    finally:
        if started:
            _docker("rm", "--force", "--volumes", started)
        _docker("network", "rm", network)
        _docker("rmi", IMAGE)


def _start(directory: Path, network: str) -> str:
    # It sees the checkout as it is and may not write there, so what `daimon units` would compile is compiled here.
    for folder in ("proto", "services", "daimon"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    subprocess.run(("docker", "import", "-", IMAGE), input=_root(), check=True, capture_output=True)
    words = [
        "--detach",
        f"--network={network}",
        "--cgroupns=host",
        "--stop-signal=SIGRTMIN+3",
        "--env=container=docker",
    ]
    words += ["--volume=/sys/fs/cgroup:/sys/fs/cgroup", "--tmpfs=/run", "--tmpfs=/tmp:exec"]
    words += [f"--cap-add={name}" for name in RIGHTS]
    words += [f"--security-opt={option}" for option in UNCONFINED]
    words += [f"--volume={source}:{at}:ro" for source, at in _mounts(directory).items()]
    return _docker("run", *words, IMAGE, "sh", "-c", FIRST)


def _root() -> bytes:
    """The tree of the machine, but for /usr."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tree:
        for folder in FOLDERS:
            _add(tree, folder, tarfile.DIRTYPE, 0o755)
        for name in MERGED:
            if Path("/", name).is_symlink():
                _add(tree, name, tarfile.SYMTYPE, 0o777, link=f"usr/{name}")
        # A default target that says nothing of what else this machine happens to have.
        default = f"{SYSTEMD.parent}/system/multi-user.target"
        _add(tree, "etc/systemd/system/default.target", tarfile.SYMTYPE, 0o777, link=default)
        for name, text in {**FILES, "etc/os-release": Path("/etc/os-release").read_text()}.items():
            _add(tree, name, tarfile.REGTYPE, 0o644, text=text.encode())
    return packed.getvalue()


def _add(tree: tarfile.TarFile, name: str, kind: bytes, mode: int, *, link: str = "", text: bytes = b"") -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.linkname, entry.size = kind, mode, link, len(text)
    tree.addfile(entry, io.BytesIO(text))


def _mounts(directory: Path) -> dict[str, str]:
    """What of this machine is seen, and where: programs, the checkout, and a Python that is not in somebody's home."""
    directory.chmod(0o755)
    mounts = {"/usr": "/usr", str(ROOT): CHECKOUT}
    base = Path(sys.base_prefix)
    if base.is_relative_to("/usr"):
        return mounts
    mounts[str(base)] = "/opt/python"
    venv = ROOT / ".venv"
    shutil.copytree(venv / "bin", directory / "bin", symlinks=True)
    for link in (directory / "bin").iterdir():
        if link.is_symlink() and link.readlink().is_absolute():
            target = Path("/opt/python", link.readlink().relative_to(base))
            link.unlink()
            link.symlink_to(target)
    (directory / "bin").chmod(0o755)
    config = (venv / "pyvenv.cfg").read_text().replace(str(base), "/opt/python")
    (directory / "pyvenv.cfg").write_text(config)
    (directory / "pyvenv.cfg").chmod(0o644)
    return {**mounts, **{str(directory / name): f"{CHECKOUT}/.venv/{name}" for name in ("bin", "pyvenv.cfg")}}


def _shown(container: str, network: str, name: str) -> str:
    return _docker("inspect", f'--format={{{{(index .NetworkSettings.Networks "{network}").{name}}}}}', container)


def _answers(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _docker(*words: str) -> str:
    done = subprocess.run(("docker", *words), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
