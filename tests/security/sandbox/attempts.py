"""What somebody inside a box may try, and why it must fail; each prints ESCAPED when it has succeeded."""

from __future__ import annotations

from pathlib import Path

import msgspec

FOLDER = Path(__file__).with_name("attempts")
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

    def command(self, outside: dict[str, object]) -> str:
        """The command that makes it. It says TRIED first, so that one that could not even begin is noticed."""
        script = self.script
        for name, value in outside.items():
            script = script.replace(f"@{name}@", str(value))
        if self.language == "sh":
            return f"echo TRIED\n{script}"
        inner = "\n".join(f"    {line}" for line in script.split("\n"))
        caught = "except (OSError, MemoryError, RuntimeError) as error:\n    print(error)\n"
        return f"python3 - <<'END'\nprint('TRIED', flush=True){PYTHON}try:\n{inner}\n{caught}END"


def read(path: Path) -> list[Attempt]:
    """The attempts of one file: `## what`, `fails because: why`, the language, and the script."""
    found = []
    for text in path.read_text(encoding="utf-8").split("\n## "):
        what, why, language, script = text.removeprefix("## ").split("\n", 3)
        reason = why.removeprefix("fails because: ")
        found.append(Attempt(what=what, why=reason, language=language.rstrip(":"), script=script.strip("\n")))
    return found


ATTEMPTS = tuple(attempt for path in sorted(FOLDER.glob("*.txt")) for attempt in read(path))
