"""What a box sees as its file system: the machine's programs, a small /etc of its own, and its own files."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from services.sandbox.interpreter import Interpreter
from services.sandbox.limits import Limits

USER = 1000
# Programs that know HTTP proxies find the way out by these.
PROXY = "http://127.0.0.1:3128"
PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "PIP_PROXY")
LOCAL = "localhost,127.0.0.1,::1"
SHM = 64 * 1024 * 1024
# Of /run, which lies in memory and holds what the agent needs.
RUN = 4 * 1024 * 1024
# Of the machine's /etc only what programs below /usr need, and what holds no secret.
FILES_COPIED = ("ld.so.cache", "ssl/openssl.cnf", "mime.types", "localtime")
FOLDERS_COPIED = ("alternatives", "ssl/certs", "pki/tls/certs", "pki/ca-trust/extracted", "ca-certificates/extracted")
FILES_WRITTEN = {
    "passwd": f"root:x:0:0:root:/:/usr/sbin/nologin\nbox:x:{USER}:{USER}:box:/home/box:/bin/bash\n",
    "group": f"root:x:0:\nbox:x:{USER}:\n",
    "hosts": "127.0.0.1 localhost box\n::1 localhost box\n",
    "hostname": "box\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
}
# The agent's shell is the first of these that the machine has.
SHELLS = ("/bin/bash", "/bin/sh")
# NixOS keeps the machine's programs here, as links into a store that boxes see.
NIXOS = Path("/run/current-system/sw/bin")
BIND_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Shown as empty: they tell about the machine, not about the box.
MASKED = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/kallsyms", "/proc/modules")


def write_etc(folder: Path) -> None:
    """Write the /etc of all boxes anew; links stay links, and what is private is not copied."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o755)
    for name, text in FILES_WRITTEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in FILES_COPIED:
        source = Path("/etc") / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
    for name in FOLDERS_COPIED:
        source = Path("/etc") / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True, dirs_exist_ok=True)
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a box sees."""

    root: Path
    etc: Path
    interpreter: Interpreter
    limits: Limits

    def arguments(self) -> list[str]:
        """The part of bwrap's command line about files and environment."""
        return [*self._system(), *self._own(), *self._kernel(), *_environment(self.interpreter)]

    def _system(self) -> list[str]:
        words = ["--ro-bind", "/usr", "/usr", "--ro-bind", str(self.etc), "/etc"]
        for path in map(Path, BIND_SYSTEM):
            if path.is_symlink():
                words += ["--symlink", str(path.readlink()), str(path)]
            elif path.is_dir():
                words += ["--ro-bind", str(path), str(path)]
        if Path("/nix/store").is_dir():
            words += ["--ro-bind", "/nix/store", "/nix/store"]
        return [*words, *_python(self.interpreter)]

    def _own(self) -> list[str]:
        folders = {"work": "/home/box", "data": "/data", "return": "/return"}
        # bwrap makes missing parents of a bind for their owner alone, so they are made first.
        words = ["--dir", "/home"]
        words += [word for name, at in folders.items() for word in ("--bind", str(self.root / name), at)]
        agent = ["--ro-bind", str(self.interpreter.agent), "/run/agent"]
        return [*words, *_in_memory("/tmp", self.limits.tmp), *_in_memory("/run", RUN), *agent]  # noqa: S108

    def _kernel(self) -> list[str]:
        words = ["--proc", "/proc", "--dev", "/dev", *_in_memory("/dev/shm", SHM)]  # noqa: S108
        for path in MASKED:
            if Path(path).exists():
                words += ["--ro-bind", "/dev/null", path]
        # What lies in memory counts against nobody's quota, so none of it may be written but the folders above.
        return [*words, "--remount-ro", "/dev", "--remount-ro", "/"]


def _in_memory(path: str, size: int) -> list[str]:
    return ["--perms", "1777", "--size", str(size), "--tmpfs", path]


def _python(interpreter: Interpreter) -> list[str]:
    if interpreter.prefix is None:
        return []
    program, lib = str(interpreter.program), str(interpreter.prefix / "lib")
    link = str(interpreter.program.with_name("python3"))
    parents = ["--dir", str(interpreter.prefix), "--dir", str(interpreter.program.parent)]
    words = [*parents, "--ro-bind", lib, lib, "--ro-bind", program, program]
    return words if link == program else [*words, "--symlink", interpreter.program.name, link]


def variables(home: str = "/home/box", proxy: str = PROXY) -> dict[str, str]:
    """The environment that commands find, as far as it is the same whatever holds the box."""
    return {
        "PATH": f"{home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "USER": "box",
        "LOGNAME": "box",
        "LANG": "C.UTF-8",
        "BOX_DATA": "/data",
        "BOX_RETURN": "/return",
        "TERM": "dumb",
        "no_proxy": LOCAL,
        "NO_PROXY": LOCAL,
        **dict.fromkeys(PROXY_NAMES, proxy),
    }


def shell() -> str:
    """The shell that boxes on this machine's programs have."""
    return next((shell for shell in SHELLS if Path(shell).exists()), SHELLS[-1])


def _environment(interpreter: Interpreter) -> list[str]:
    values = {**variables(), "SHELL": shell()}
    if NIXOS.is_dir():
        values["PATH"] += f":{NIXOS.resolve()}"
    if interpreter.prefix is not None:
        values["PATH"] += f":{interpreter.prefix}/bin"
    return ["--clearenv", *(word for name, value in values.items() for word in ("--setenv", name, value))]
