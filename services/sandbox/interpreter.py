"""The Python that runs the agent inside a box, and the agent compiled for it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from services.sandbox.box import NoSandboxError

SYSTEM = Path("/usr/bin/python3")
AGENT = Path(__file__).with_name("agent")
ANSWER_WITHIN = 30.0
# Run by the interpreter itself: whether it has what the agent needs, and the agent in its own byte code, since
# compiling would double the start of every box.
COMPILE = """
import sys, select, fcntl, resource, _ctypes, _signal, _socket, py_compile, os
assert sys.version_info >= (3, 9) and hasattr(os, "pidfd_open")
for source, compiled in zip(sys.argv[1::2], sys.argv[2::2]):
    py_compile.compile(source, compiled, os.path.basename(source), True, 2,
                       py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""
NO_PYTHON = "A box needs a Python of 3.9 or newer that others may read, at /usr/bin/python3; install python3."


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """A Python for the agent."""

    program: Path
    prefix: Path | None = None
    """Where it was installed, when that is not below /usr; its lib is shown to the box read-only, nothing else."""
    agent: Path
    """The folder with the compiled agent."""


def prepare(cache: Path, program: Path | None = None) -> Interpreter:
    """Find a Python and compile the agent for it, once a version; NoSandboxError when there is none.

    `program` tries one Python alone; else it is the system's, or else the one this service runs on.
    """
    cache.mkdir(parents=True, exist_ok=True, mode=0o755)
    for candidate in [program] if program else [SYSTEM, _own()]:
        real = candidate.resolve()
        if real.is_file() and (agent := _usable(cache, real)):
            return Interpreter(program=real, prefix=_prefix(real), agent=agent)
    raise NoSandboxError(NO_PYTHON)


def _own() -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Path(sys.base_prefix) / "bin" / version


def _prefix(program: Path) -> Path | None:
    if program.is_relative_to("/usr") or program.is_relative_to("/nix/store"):
        return None
    return program.parent.parent


def compiled(cache: Path, words: list[str], compile_into: Callable[[Path], None]) -> Path:
    """The folder with the agent, compiled by `compile_into` once for each `words` and each version of the agent."""
    sources = [file.read_text("utf-8") for file in sorted(AGENT.glob("*.py"))]
    folder = cache / hashlib.sha256("\0".join([*words, *sources]).encode()).hexdigest()[:16]
    if folder.is_dir():
        return folder
    scratch = Path(tempfile.mkdtemp(dir=cache))
    try:
        compile_into(scratch)
        scratch.chmod(0o755)
        for file in scratch.iterdir():
            file.chmod(0o644)
        if not folder.is_dir():
            scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def pairs(source: Path, target: Path) -> list[str]:
    """Each file of the agent below `source`, and what is made of it below `target`."""
    names = sorted(file.stem for file in AGENT.glob("*.py"))
    return [word for name in names for word in (str(source / f"{name}.py"), str(target / f"{name}.pyc"))]


def _usable(cache: Path, program: Path) -> Path | None:
    state = program.stat()

    def compile_into(scratch: Path) -> None:
        if not _run(program, COMPILE, *pairs(AGENT, scratch)):
            raise NoSandboxError(NO_PYTHON)

    try:
        return compiled(cache, [str(program), str(state.st_mtime_ns), str(state.st_size)], compile_into)
    except NoSandboxError:
        return None


def _run(program: Path, code: str, *arguments: str) -> bool:
    try:
        done = subprocess.run(
            [str(program), "-I", "-S", "-c", code, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            timeout=ANSWER_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
