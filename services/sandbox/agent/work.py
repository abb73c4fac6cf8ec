"""What the agent does all day: take commands from the service and run them, one after the other, in one shell."""

from __future__ import annotations

import os

from . import kernel, processes
from .command import Command
from .frames import DONE, LIMITS, READY, RUN, STOP, Frames, fields, frame, texts
from .loop import Loop
from .outlast import CALL_EVERY
from .places import HOME
from .shell import Shell
from .streams import Late, Pipes
from .watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .loop import Timer
    from .outlast import Line

TIMED_OUT = 124
LOOK_BUSY, LOOK_IDLE = 0.1, 1.0
NEW_SHELL = "the shell ended; a new one was started in the same folder, without the old one's variables and functions"


class Agent:
    """Runs one command after the other, and keeps the box within its limits."""

    def __init__(self, channel: int, line: Line | None = None) -> None:
        """`line` makes a new channel when this one is cut; without one the box ends with its service."""
        self._channel = channel
        self._line = line
        self._frames = Frames()
        self._loop = Loop()
        self._late = Late(self._loop)
        self._pipes = Pipes()
        self._waiting: list[tuple[int, bytes]] = []
        self._command: Command | None = None
        self._shell: Shell | None = None
        self._watch: Watch | None = None
        self._look: Timer | None = None
        self._note = ""
        self._room = (0, 0)

    def serve(self) -> None:
        """Work until the service is gone."""
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        kernel.heed_children(wake)
        self._loop.read(woken, lambda: self._children(woken))
        self._loop.read(self._channel, self._received)
        while True:
            self._loop.turn()

    def _send(self, kind: int, number: int, body: bytes = b"") -> None:
        left = memoryview(frame(kind, number, body))
        try:
            while left and self._channel >= 0:
                left = left[os.write(self._channel, left) :]
        except (BrokenPipeError, ConnectionResetError):
            self._hung_up()

    def _received(self) -> None:
        try:
            received = os.read(self._channel, 65536)
        except ConnectionResetError:
            received = b""
        if not received:
            self._hung_up()
        for kind, number, body in self._frames.feed(received):
            if kind == LIMITS:
                self._set_up(texts(body))
            elif kind == RUN:
                self._waiting.append((number, body))
                self._next()
            elif kind == STOP:
                self._stop(number, texts(body).get("limit", ""))

    def _hung_up(self) -> None:
        """End with the service, or stop the command that it will not hear of, and wait for the next service."""
        if self._line is None:
            # As pid 1, ending ends everything in the box.
            os._exit(0)
        if self._channel >= 0:
            self._loop.forget(self._channel)
            os.close(self._channel)
            self._channel = -1
            self._frames = Frames()
            self._waiting = []
            self._halt("the service ended", force=False)
            self._loop.after(CALL_EVERY, self._call_again)

    def _call_again(self) -> None:
        # An answer to the last service would mean nothing to the next one.
        if self._line is not None and self._command is None:
            self._channel = self._line.call()
        if self._channel >= 0:
            self._loop.read(self._channel, self._received)
        else:
            self._loop.after(CALL_EVERY, self._call_again)

    def _set_up(self, given: dict[str, str]) -> None:
        if self._shell is not None:
            self._send(READY, 0)
            return
        number = {name: int(text) for name, text in given.items()}
        kernel.limit(number["data"], number["nproc"], number["open_files"], number["disk"], number["cpu_seconds"])
        self._watch = Watch(number["memory"], number["processes"], number["disk"], number["files"])
        self._room = (number["output"], number["output_kept"])
        self._shell = Shell(self._loop, HOME, self._told)
        self._send(READY, 0)

    def _next(self) -> None:
        if self._command is not None or not self._waiting or self._shell is None:
            return
        number, body = self._waiting.pop(0)
        given = texts(body)
        self._shell.full = given["full"] == "yes"
        self._command = Command(number, given["command"], self._pipes, self._send, self._room)
        self._look_again(LOOK_BUSY)
        self._command.begin(self._loop, self._shell, float(given["seconds"]), lambda why: self._halt(why, force=False))

    def _halt(self, why: str, *, force: bool) -> None:
        if self._command is not None and self._shell is not None and not self._command.limit:
            self._command.limit = why
            self._command.stop(self._loop, self._shell, force=force)

    def _stop(self, number: int, limit: str) -> None:
        if number == 0 and self._shell is not None:
            self._note = limit
            processes.sweep(spare=self._shell.pid)
        elif self._command is not None and self._command.number == number:
            self._halt(limit or "the command was stopped", force=bool(limit))
        else:
            self._waiting = [(other, body) for other, body in self._waiting if other != number]

    def _told(self, number: int, code: int) -> None:
        if self._command is not None and self._command.number == number:
            self._finish(code, self._note)

    def _finish(self, code: int, note: str) -> None:
        command, shell = self._command, self._shell
        if command is None or shell is None:
            return
        self._command, self._note = None, ""
        out, err = command.finish(self._loop, self._late)
        shell.remember_folder()
        code = TIMED_OUT if command.limit else code
        self._send(DONE, command.number, fields(code=str(code), limit=command.limit, note=note, out=out, err=err))
        self._next()

    def _children(self, woken: int) -> None:
        os.read(woken, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._shell is not None and pid == self._shell.pid:
                self._renew(os.waitstatus_to_exitcode(status))

    def _renew(self, code: int) -> None:
        old = self._shell
        if old is None:
            return
        old.close()
        self._shell = Shell(self._loop, old.folder, self._told)
        if self._command is None:
            self._note = NEW_SHELL
        self._finish(code if code >= 0 else 128 - code, NEW_SHELL)

    def _look_again(self, seconds: float) -> None:
        if self._look is not None:
            if self._look.sooner_than(seconds):
                return
            self._look.cancel()
        self._look = self._loop.after(seconds, self._look_round)

    def _look_round(self) -> None:
        if self._watch is None or self._shell is None:
            return
        self._look = None
        others, limit = self._watch.look(self._shell.pid)
        if limit and self._command is not None:
            self._halt(limit, force=True)
        elif limit:
            self._note = limit
        if self._command is not None:
            self._look_again(LOOK_BUSY)
        elif others:
            self._look_again(LOOK_IDLE)
