"""The box's one shell, which lives on between commands and so keeps directory, variables and functions."""

from __future__ import annotations

import fcntl
import os
import select

from .kernel import KILL
from .places import RUN, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Loop

BASH = ("--norc", "--noprofile", "--noediting")
STATUS = 9
INTERRUPT = 2
# The shell answers this one, between two commands, by interrupting itself: an interrupt alone counts only when the
# process it waits for died of one too, and else the rest of the line would still run. While it waits for its next
# command, which the open STATUS tells, it must not: bash would go on reading behind the end of what it had read.
ABANDON = 30
INTERRUPT_ITSELF = b"trap '\\command [ -p /proc/self/fd/%d ] || \\command kill -INT $$' %d\n" % (STATUS, ABANDON)
# The shell reads its commands byte by byte; a longer one is quicker read from a file.
LINE = 3500
# What a shell knows is written down after each command, so that another shell can go on from there.
STATE, OPTIONS = f"{RUN}/state", f"{RUN}/options"
# That it has been written is told as the end of this command, which is none; so long is waited for it.
WRITTEN, SETTLES_WITHIN = 0, 2.0
SNAPSHOT = (
    b"{ \\command declare -p; \\command declare -f; \\command alias -p; \\command umask -p; } >|%b 2>/dev/null\n"
    b"{ \\command set +o; \\command shopt -p; } >|%b 2>/dev/null\n"
)
PLAIN_SNAPSHOT = b"\\command export -p >|%b 2>/dev/null; \\command : %b\n"
NO_ROOM = b"{ echo 'there is no room for so long a command' >&2; \\command false; }"
# The shell is more likely to be chosen than the agent when the kernel runs out of memory.
SCORE = b"300"
NO_TERMINAL = b"] tcsetattr: Inappropriate ioctl for device\n"


def without_noise(chunk: bytes) -> bytes:
    """Drop what bash, having no terminal, says on stderr whenever a signal ends something."""
    while (end := chunk.find(NO_TERMINAL)) >= 0:
        chunk = chunk[: chunk.rfind(b"\n", 0, end) + 1] + chunk[end + len(NO_TERMINAL) :]
    return chunk


def _lift(descriptor: int) -> int:
    """The same descriptor with a number that no redirection in the shell uses."""
    lifted = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)
    os.close(descriptor)
    return lifted


def _put(path: str, text: bytes) -> bool:
    """Write a file for the shell; False when there is no room."""
    try:
        # Anew each time: a link or pipe that was put in its place must not be opened.
        if os.path.lexists(path):
            os.unlink(path)  # noqa: PTH108
        script = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        return os.write(script, text) == len(text)
    except OSError:
        return False
    finally:
        os.close(script)


class Shell:
    """One running shell.

    It is interactive, though without a terminal: then an interrupt ends what it does and not the shell itself.
    """

    def __init__(self, loop: Loop, folder: str, told: Callable[[int, int], None], *, restored: bool = False) -> None:
        """`restored` begins with what the box's shell knew after its last command."""
        self._loop = loop
        self._script = f"{RUN}/{os.urandom(8).hex()}.script"
        self._down = ""
        self._bash = os.environ["SHELL"].endswith("/bash")
        self._told = told
        self._line = b""
        self.folder = folder
        # It was killed, and is only not known to be gone yet.
        self.doomed = False
        # It is still writing down what it knows.
        self._writes = False
        # The disk of the box is full: commands may delete, but not write.
        self.full = False
        given, self._commands = map(_lift, os.pipe())
        self._status, answer = map(_lift, os.pipe())
        os.set_blocking(self._commands, False)
        os.set_blocking(self._status, False)
        self.pid = self._spawn(given, answer)
        os.close(given)
        os.close(answer)
        if restored:
            self._write(b"\\command . %b 2>/dev/null\n\\command . %b 2>/dev/null\n" % (quoted(STATE), quoted(OPTIONS)))
        loop.read(self._status, self._read_status)

    def _spawn(self, given: int, answer: int) -> int:
        os.chdir(self.folder if os.path.isdir(self.folder) else "/")  # noqa: PTH112
        program = os.environ["SHELL"]
        actions = (
            (os.POSIX_SPAWN_DUP2, given, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, answer, STATUS),
        )
        pid = os.posix_spawn(
            program,
            (program, *(BASH if self._bash else ()), "-i"),
            os.environ,
            file_actions=actions,
            setsid=True,
            setsigdef=(INTERRUPT, 13, 17, 25),
        )
        os.chdir("/")
        self._prefer(pid)
        if self._bash:
            self._write(b"set +o history +H\n")
        self._write(INTERRUPT_ITSELF)
        return pid

    def run(self, number: int, text: bytes, pipes: tuple[str, str, str]) -> None:
        """Begin a command whose input and outputs are these named pipes."""
        words = b"\\command eval '" + text.replace(b"'", b"'\\''") + b"'"
        if len(text) > LINE:
            words = b"\\command . " + quoted(self._script) if _put(self._script, text) else NO_ROOM
        given, out, err = map(quoted, pipes)
        if self.full:
            words = b"( \\command ulimit -f 0; " + words + b" )"
        self._write(b"%b <%b >%b 2>%b %d>&-\n" % (words, given, out, err, STATUS))
        self.ask(number)

    def ask(self, number: int) -> None:
        """Have the shell say that it is through with a command; asked again after an interrupt, which may eat it."""
        self._write(f"\\command printf '%s %s\\n' {number} \"$?\" >&{STATUS}\n".encode())

    def write_down(self) -> None:
        """Have the shell write down what it knows."""
        # The shell reads what it is told byte by byte, so that much is told in a file.
        if not self._down:
            self._down = f"{RUN}/{os.urandom(4).hex()}"
            _put(self._down, (SNAPSHOT if self._bash else PLAIN_SNAPSHOT) % (quoted(STATE), quoted(OPTIONS)))
        self._write(b"\\command . %b\n" % quoted(self._down))
        self._writes = True
        self.ask(WRITTEN)

    def settle(self) -> None:
        """Wait until the shell has written down what it knows, which takes it milliseconds."""
        while self._writes and select.select([self._status], (), (), SETTLES_WITHIN)[0]:
            self._read_status()

    def signal(self, signal: int) -> None:
        """Signal the shell itself."""
        try:
            os.kill(self.pid, signal)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """End the shell; whatever it may still say is void."""
        self.doomed = True
        self.signal(KILL)

    def remember_folder(self) -> None:
        """Note where the shell is, so that its successor can begin there."""
        try:
            self.folder = os.readlink(f"/proc/{self.pid}/cwd")  # noqa: PTH115
        except OSError:
            return

    def close(self) -> None:
        """Forget a shell that has ended."""
        self._loop.forget(self._status)
        os.close(self._status)
        os.close(self._commands)
        for path in (self._script, self._down):
            if path and os.path.lexists(path):
                os.unlink(path)  # noqa: PTH108

    def _write(self, line: bytes) -> None:
        try:
            os.write(self._commands, line)
        except (BrokenPipeError, BlockingIOError):
            return

    def _read_status(self) -> None:
        try:
            received = os.read(self._status, 4096)
        except BlockingIOError:
            return
        if not received:
            self._writes = False
            self._loop.forget(self._status)
        *lines, rest = (self._line + received).split(b"\n")
        self._line = rest[:64]
        for line in lines:
            number, _, code = line.partition(b" ")
            if number.isdigit() and code.isdigit() and not self.doomed:
                self._writes = self._writes and int(number) != WRITTEN
                self._told(int(number), int(code))

    @staticmethod
    def _prefer(pid: int) -> None:
        try:
            with open(f"/proc/{pid}/oom_score_adj", "wb", buffering=0) as file:  # noqa: PTH123
                file.write(SCORE)
        except OSError:
            return
