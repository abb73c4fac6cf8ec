"""What the agent does all day: take commands from the service and run them, one after the other, in one shell.

A command that takes long is set apart: it keeps its shell, and the box gets another one that knows the same.
"""

from __future__ import annotations

import os

from . import kernel, processes
from .command import Command
from .frames import DETACH, DONE, GRANT, INPUT, LIMITS, READY, RESIZE, RUN, SIGNAL, STOP, Frames, fields, frame, texts
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
    from .terminal import Terminal

TIMED_OUT, CANNOT = 124, 126
LOOK_BUSY, LOOK_IDLE = 0.1, 1.0
NEW_SHELL = "the shell ended; a new one was started in the same folder, without the old one's variables and functions"
STOPPED = "the command was stopped"
NO_TERMINAL = "a terminal cannot be opened in this box"


class Agent:
    """Runs one command after the other, and others beside it, and keeps the box within its limits."""

    def __init__(self, channel: int, line: Line | None = None) -> None:
        """`line` makes a new channel when this one is cut; without one the box ends with its service."""
        self._channel = channel
        self._line = line
        self._frames = Frames()
        self._loop = Loop()
        self._late = Late(self._loop)
        self._pipes = Pipes()
        self._waiting: list[tuple[int, dict[str, str]]] = []
        self._running: dict[int, Command | Terminal] = {}
        self._shell: Shell | None = None
        self._apart: dict[int, Shell] = {}
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

    @property
    def _fore(self) -> Command | None:
        """The command that the box's own shell is at."""
        at = (one for one in self._running.values() if isinstance(one, Command) and one.shell is self._shell)
        return next(at, None)

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
                self._run(number, texts(body))
            elif kind == STOP:
                self._stop(number, texts(body).get("limit", ""))
            elif number in self._running:
                self._pass_on(kind, self._running[number], body)

    def _pass_on(self, kind: int, one: Command | Terminal, body: bytes) -> None:
        if kind == INPUT:
            one.input(body)
        elif kind == SIGNAL:
            one.signal(int(body))
        elif kind == DETACH and one is self._fore:
            self._set_apart()
        elif not isinstance(one, Command):
            if kind == RESIZE:
                one.resize(texts(body))
            elif kind == GRANT:
                one.grant(int(body))

    def _hung_up(self) -> None:
        """End with the service, or stop the commands that it will not hear of, and wait for the next service."""
        if self._line is None:
            # As pid 1, ending ends everything in the box.
            os._exit(0)
        if self._channel >= 0:
            self._loop.forget(self._channel)
            os.close(self._channel)
            self._channel = -1
            self._frames = Frames()
            self._waiting = []
            for one in list(self._running.values()):
                self._halt(one, "the service ended", force=False)
            self._loop.after(CALL_EVERY, self._call_again)

    def _call_again(self) -> None:
        # An answer to the last service would mean nothing to the next one.
        if self._line is not None and not self._running:
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

    def _run(self, number: int, given: dict[str, str]) -> None:
        if given.get("kind") and self._shell is not None:
            # What begins beside it knows what the box's shell has written down.
            self._shell.settle()
        if given.get("kind") == "terminal":
            self._open(number, given)
        elif given.get("kind") == "job" and self._shell is not None:
            shell = Shell(self._loop, self._shell.folder, self._told, restored=True)
            self._apart[shell.pid] = shell
            self._begin(Command(number, given, self._send), shell)
        else:
            self._waiting.append((number, given))
            self._next()

    def _next(self) -> None:
        if self._shell is not None and self._waiting and self._fore is None:
            number, given = self._waiting.pop(0)
            self._begin(Command(number, given, self._send), self._shell)

    def _begin(self, command: Command, shell: Shell) -> None:
        self._running[command.number] = command
        self._look_again(LOOK_BUSY)
        command.begin(self._loop, shell, self._pipes, self._room)

    def _open(self, number: int, given: dict[str, str]) -> None:
        from .terminal import Terminal  # noqa: PLC0415 - few boxes need it

        given["folder"] = self._shell.folder if self._shell is not None else HOME
        try:
            self._running[number] = Terminal(self._loop, number, self._send, given)
        except OSError:
            self._send(DONE, number, fields(code=str(CANNOT), limit=NO_TERMINAL, note="", out="", err=""))
            return
        self._look_again(LOOK_BUSY)

    def _set_apart(self) -> None:
        """Leave the shell to the command it is at, and go on with another one."""
        old = self._shell
        if old is not None:
            self._apart[old.pid] = old
            self._shell = Shell(self._loop, old.folder, self._told, restored=True)
            self._next()

    def _halt(self, one: Command | Terminal, why: str, *, force: bool) -> None:
        if isinstance(one, Command):
            one.stop(self._loop, why, force=force)
        else:
            one.stop(force=force, why=why)

    def _stop(self, number: int, limit: str) -> None:
        if number == 0 and self._shell is not None:
            self._note = limit
            processes.sweep(spare=self._shell.pid)
        elif number in self._running:
            self._halt(self._running[number], limit or STOPPED, force=bool(limit))
        else:
            self._waiting = [(other, given) for other, given in self._waiting if other != number]

    def _told(self, number: int, code: int) -> None:
        command = self._running.get(number)
        if isinstance(command, Command):
            self._finish(command, code, self._note)

    def _finish(self, command: Command, code: int, note: str) -> None:
        fore, shell = command is self._fore, command.shell
        del self._running[command.number]
        self._note = ""
        out, err = command.finish(self._loop, self._late)
        if fore and shell is not None:
            shell.remember_folder()
        elif shell is not None and shell.pid in self._apart:
            shell.kill()
        code = TIMED_OUT if command.limit else code
        self._send(DONE, command.number, fields(code=str(code), limit=command.limit, note=note, out=out, err=err))
        if fore and shell is not None:
            shell.write_down()
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
            self._ended(pid, os.waitstatus_to_exitcode(status))

    def _ended(self, pid: int, code: int) -> None:
        code = code if code >= 0 else 128 - code
        if self._shell is not None and pid == self._shell.pid:
            self._renew(code)
        elif pid in self._apart:
            shell = self._apart.pop(pid)
            shell.close()
            for one in list(self._running.values()):
                if isinstance(one, Command) and one.shell is shell:
                    self._finish(one, code, self._note)
        else:
            for one in list(self._running.values()):
                if not isinstance(one, Command) and one.pid == pid:
                    self._closed(one, code)

    def _closed(self, terminal: Terminal, code: int) -> None:
        del self._running[terminal.number]
        terminal.finish()
        code = TIMED_OUT if terminal.limit else code
        self._send(DONE, terminal.number, fields(code=str(code), limit=terminal.limit, note="", out="", err=""))

    def _renew(self, code: int) -> None:
        old, command = self._shell, self._fore
        if old is None:
            return
        old.close()
        self._shell = Shell(self._loop, old.folder, self._told)
        if command is None:
            self._note = NEW_SHELL
        else:
            self._finish(command, code, NEW_SHELL)

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
        terminals = {one.pid for one in self._running.values() if not isinstance(one, Command)}
        others, limit = self._watch.look(self._shell.pid, {self._shell.pid, *terminals})
        if limit:
            self._broken(limit)
        if self._running:
            self._look_again(LOOK_BUSY)
        elif others:
            self._look_again(LOOK_IDLE)

    def _broken(self, limit: str) -> None:
        command = self._fore
        if command is not None:
            self._halt(command, limit, force=True)
        else:
            self._note = limit
