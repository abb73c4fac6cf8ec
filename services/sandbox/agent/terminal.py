"""A pseudo-terminal with a shell or a command on it, as a person or a program with a screen wants it."""

from __future__ import annotations

import fcntl
import os

from . import processes
from .frames import OUT, TYPED
from .kernel import KILL
from .places import RUN, quoted
from .shell import STATE, STATUS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Loop, Timer

TIOCSWINSZ = 0x5414
HANG_UP, INTERRUPT = 1, 2
GRACE = 1.0
CHUNK = 16_384
# Bytes that may be under way to the service; more are read from the terminal when it says that these have arrived.
CREDIT = 262_144
INPUT_MOST = 1_048_576
RETRY = 0.02
# What was typed is told by the number it has in the shell's history, so that an empty line is not told twice.
PROMPT = b"""\\command printf '%%s %%s\\0' "$?" "$(HISTTIMEFORMAT= \\command history 1)" >&%d""" % STATUS
BEGIN = b"""\\command . %s 2>/dev/null
TERM=xterm-256color HISTCONTROL=ignorespace
unset HISTFILE COLUMNS LINES
PS1='\\w \\$ '
PROMPT_COMMAND='%s'
"""


class Terminal:
    """One running terminal."""

    def __init__(self, loop: Loop, number: int, send: Callable[[int, int, bytes], None], given: dict[str, str]) -> None:
        self.number = number
        self.limit = ""
        self._loop = loop
        self._send = send
        self._timers: list[Timer] = []
        self._credit = CREDIT
        self._pending = b""
        self._told = b""
        self._last = b""
        self._open = True
        self._reading = True
        self._master, slave = os.openpty()
        os.set_blocking(self._master, False)
        self.resize(given)
        self._typed, typed = os.pipe()
        os.set_blocking(self._typed, False)
        self.pid = _spawn(os.ttyname(slave), typed, given)
        os.close(slave)
        os.close(typed)
        loop.read(self._master, self._took)
        loop.read(self._typed, self._hear)
        self._timers.append(loop.after(float(given["seconds"]), lambda: self.stop(force=True, why="its time was over")))

    def input(self, text: bytes) -> None:
        """Type something."""
        self._pending += text[: INPUT_MOST - len(self._pending)]
        self._type()

    def resize(self, given: dict[str, str]) -> None:
        """Change the size of the window."""
        rows, columns = int(given.get("rows", "24")), int(given.get("columns", "80"))
        size = rows.to_bytes(2, "little") + columns.to_bytes(2, "little") + bytes(4)
        fcntl.ioctl(self._master, TIOCSWINSZ, size)

    def grant(self, size: int) -> None:
        """So many bytes have arrived where they belong."""
        self._credit += size
        if self._credit > 0 and self._open and not self._reading:
            self._reading = True
            self._loop.read(self._master, self._took)

    def signal(self, signal: int) -> None:
        """Signal what runs in it."""
        processes.send(signal, self._all() - {self.pid} or {self.pid})

    def stop(self, *, force: bool, why: str) -> None:
        """End everything in it, asking first unless forced."""
        self.limit = self.limit or why
        processes.send(KILL if force else HANG_UP, self._all())
        self._timers.append(self._loop.after(GRACE, lambda: processes.send(KILL, self._all())))

    def finish(self) -> None:
        """Pass on what is left; its shell has ended."""
        for timer in self._timers:
            timer.cancel()
        processes.send(KILL, self._all())
        self._credit = CREDIT
        while self._open and self._credit > 0 and self._take():
            pass
        self._hear()
        self._close()
        self._loop.forget(self._typed)
        os.close(self._typed)

    def _all(self) -> set[int]:
        return {pid for pid, one in processes.living().items() if one.session == self.pid}

    def _type(self) -> None:
        if not self._pending or not self._open:
            return
        try:
            self._pending = self._pending[os.write(self._master, self._pending) :]
        except BlockingIOError:
            pass
        except OSError:
            self._pending = b""
        if self._pending:
            self._timers.append(self._loop.after(RETRY, self._type))

    def _took(self) -> None:
        self._take()

    def _take(self) -> bool:
        try:
            chunk = os.read(self._master, CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            # The last program that had it open is gone.
            self._close()
            return False
        self._credit -= len(chunk)
        self._send(OUT, self.number, chunk)
        if self._credit <= 0 and self._reading:
            self._reading = False
            self._loop.forget(self._master)
        return True

    def _hear(self) -> None:
        try:
            received = os.read(self._typed, 65536)
        except BlockingIOError:
            return
        if not received:
            self._loop.forget(self._typed)
        *lines, rest = (self._told + received).split(b"\0")
        self._told = rest[:65536]
        for line in lines:
            code, _, entry = line.partition(b" ")
            number, _, text = entry.strip().partition(b" ")
            if text and number != self._last and number.rstrip(b"*").isdigit():
                self._last = number
                self._send(TYPED, self.number, code + b" " + text.strip())

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._loop.forget(self._master)
            os.close(self._master)


def _spawn(device: str, typed: int, given: dict[str, str]) -> int:
    """Start a shell of its own session, whose first open file becomes its terminal."""
    program = os.environ["SHELL"]
    begin = BEGIN % (quoted(STATE), PROMPT.replace(b"'", b"'\\''"))
    if given["full"] == "yes":
        begin += b"\\command ulimit -f 0\n"
    rc = f"{RUN}/{os.urandom(8).hex()}.rc"
    handle = os.open(rc, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.write(handle, begin)
    os.close(handle)
    command = given["command"]
    words = ["--noprofile", "--rcfile", rc, "-i"] if program.endswith("/bash") else ["-i"]
    if command:
        words = ["-c", f'\\command . {quoted(rc).decode()}; \\command eval "$0"', command]
    os.chdir(given["folder"] if os.path.isdir(given["folder"]) else "/")  # noqa: PTH112
    pid = os.posix_spawn(
        program,
        (program, *words),
        {**os.environ, "TERM": "xterm-256color"},
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, device, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
            (os.POSIX_SPAWN_DUP2, typed, STATUS),
        ),
        setsid=True,
        setsigdef=(INTERRUPT, 13, 17, 25),
    )
    os.chdir("/")
    return pid
