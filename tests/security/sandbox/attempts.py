"""What somebody inside a box may try, and why it must fail; each prints ESCAPED when it has succeeded."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

FOLDER = Path(__file__).with_name("attempts")
PLACE = re.compile(r"(?<![\w/.])/(?:data|return|tmp|home/box|run/agent|run)(?![\w.])")
PYTHON = """
import ctypes, os, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
def call(x86, arm, *arguments):
    ctypes.set_errno(0)
    words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return libc.syscall(ctypes.c_long(arm if ARM else x86), *words)
def escaped(truth=True):
    if truth:
        print("ESCAPED")
def proxied(target):
    line = socket.create_connection(("127.0.0.1", 3128), 5)
    line.settimeout(5)
    line.sendall(f"CONNECT {target} HTTP/1.1\\r\\n\\r\\n".encode())
    answer = b""
    try:
        while piece := line.recv(4096):
            answer += piece
    except OSError:
        pass
    return answer.decode("utf-8", "replace")
"""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt from inside; `@name@` in its script stands for something on the machine."""

    what: str
    why: str
    """Why it must fail."""
    language: str
    script: str
    file: str
    """What it is about: the name of the file it stands in."""
    landlock: str = ""
    """Why a box that Landlock holds cannot refuse it."""
    control: str = ""
    """Why it is not tried in the control box: what it would do to the machine."""

    def command(self, outside: dict[str, object], places: dict[str, str] | None = None) -> str:
        """The command that makes it. It says TRIED first, so that one that could not even begin is noticed.

        `places` are the box's own folders where they are not the usual ones.
        """
        script = PLACE.sub(lambda found: (places or {}).get(found[0], found[0]), self.script)
        for name, value in outside.items():
            script = script.replace(f"@{name}@", str(value))
        if self.language == "sh":
            return f"echo TRIED\n{script}"
        inner = "\n".join(f"    {line}" for line in script.split("\n"))
        caught = "except (OSError, MemoryError, RuntimeError) as error:\n    print(error)\n"
        return f"python3 - <<'END'\nprint('TRIED', flush=True){PYTHON}try:\n{inner}\n{caught}END"


def read(path: Path) -> list[Attempt]:
    """The attempts of one file: `## what`, lines of `name: why`, the language, and the script."""
    return [_attempt(path.stem, text.removeprefix("## ")) for text in path.read_text(encoding="utf-8").split("\n## ")]


def _attempt(file: str, text: str) -> Attempt:
    what, rest = text.split("\n", 1)
    told = {}
    while (line := rest.split("\n", 1))[0] not in ("sh:", "python:"):
        name, _, why = line[0].partition(": ")
        told[name] = why
        rest = line[1]
    return Attempt(
        what=what,
        why=told.pop("fails because"),
        language=line[0].rstrip(":"),
        script=line[1].strip("\n"),
        file=file,
        landlock=told.pop("landlock cannot", ""),
        control=told.pop("control must not", ""),
    )


ATTEMPTS = tuple(attempt for path in sorted(FOLDER.glob("*.txt")) for attempt in read(path))
