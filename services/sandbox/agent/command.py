"""One command: its text, its outputs, its time, and how it is stopped when it must be."""

from __future__ import annotations

import os

from . import processes
from .frames import ERR, OUT
from .kernel import KILL
from .shell import ABANDON, INTERRUPT, without_noise
from .streams import Kept, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Loop, Timer
    from .shell import Shell
    from .streams import Late, Pipes

TERMINATE, GO_ON = 15, 18
INPUT_MOST = 1_048_576
RETRY = 0.02
# What is sent to the shell and to the command's processes, and how long that may take; at the end the shell is killed.
ASKED = ((INTERRUPT, INTERRUPT, 0.4), (ABANDON, TERMINATE, 1.0), (ABANDON, KILL, 0.2), (INTERRUPT, KILL, 0.3))
FORCED = ((ABANDON, KILL, 0.2), (INTERRUPT, KILL, 0.3))


class Command:
    """A command that is running in a shell."""

    def __init__(self, number: int, given: dict[str, str], send: Callable[[int, int, bytes], None]) -> None:
        self.number = number
        self.limit = ""
        self.shell: Shell | None = None
        self._given = given
        self._send = send
        self._began = (0, 0)
        self._timers: list[Timer] = []
        self._streams: tuple[Stream, ...] = ()
        self._input: Input | None = None
        self._flood = False

    def _flooded(self) -> None:
        self._flood = True

    def begin(self, loop: Loop, shell: Shell, pipes: Pipes, room: tuple[int, int]) -> None:
        """Hand the command to a shell."""
        self.shell = shell
        self._streams = tuple(
            Stream(
                pipes.new(),
                Kept(f"{self.number}.{name}", *room),
                _forward(self._send, kind, self.number),
                self._flooded,
            )
            for name, kind in (("out", OUT), ("err", ERR))
        )
        for stream in self._streams:
            self._follow(loop, stream)
        if self._given.get("input"):
            self._input = Input(loop, pipes.new())
        seconds = float(self._given["seconds"])
        late = f"the command was stopped: it ran longer than its {seconds:g} s"
        self._timers.append(loop.after(seconds, lambda: self.stop(loop, late, force=False)))
        self._began = processes.moment()
        out, err = (stream.path for stream in self._streams)
        shell.full = self._given["full"] == "yes"
        text = self._given["command"].encode("utf-8", "surrogateescape")
        shell.run(self.number, text, (self._input.path if self._input else "/dev/null", out, err))

    def _follow(self, loop: Loop, stream: Stream) -> None:
        def take() -> None:
            if stream.take() < 0:
                loop.forget(stream.descriptor)
            if self._flood:
                self._flood = False
                self.stop(
                    loop, "the command was stopped: it printed more than the box keeps of one command", force=False
                )

        loop.read(stream.descriptor, take)

    def input(self, text: bytes) -> None:
        """Give the command something to read; nothing at all is the end of it."""
        if self._input is not None:
            self._input.give(text)

    def signal(self, signal: int) -> None:
        """Signal the processes of the command, or the shell where it runs none."""
        if self.shell is not None:
            mine = processes.children_of(self.shell.pid, self._began)
            processes.send(signal, mine)
            if not mine and signal == INTERRUPT:
                self.shell.signal(INTERRUPT)

    def stop(self, loop: Loop, why: str, *, force: bool) -> None:
        """End the command, asking first unless forced; the shell goes on if it can."""
        if self.limit or self.shell is None:
            return
        self.limit = why
        for timer in self._timers:
            timer.cancel()
        self._push(loop, self.shell, list(FORCED if force else ASKED))

    def _push(self, loop: Loop, shell: Shell, steps: list[tuple[int, int, float]]) -> None:
        if not steps:
            shell.kill()
            return
        to_shell, to_others, wait = steps.pop(0)
        shell.signal(to_shell)
        mine = processes.children_of(shell.pid, self._began)
        processes.send(to_others, mine)
        processes.send(GO_ON, mine)
        shell.ask(self.number)
        self._timers.append(loop.after(wait, lambda: self._push(loop, shell, steps)))

    def finish(self, loop: Loop, late: Late) -> tuple[str, str]:
        """Pass on the rest of the outputs; the files that hold them whole, or ''."""
        for timer in self._timers:
            timer.cancel()
        if self.limit and self.shell is not None:
            processes.send(KILL, processes.children_of(self.shell.pid, self._began))
        for stream in self._streams:
            stream.unlink()
            loop.forget(stream.descriptor)
            if stream.drain():
                late.add(stream)
            else:
                stream.close()
        if self._input is not None:
            self._input.close()
        out, err = (stream.kept.path for stream in self._streams)
        return out, err


class Input:
    """The writing end of a command's standard input, a named pipe that stays open until its end is asked for."""

    __slots__ = ("_descriptor", "_ends", "_loop", "_pending", "path")

    def __init__(self, loop: Loop, path: str) -> None:
        self._loop = loop
        self._pending = b""
        self._ends = False
        self.path = path
        # For reading too, or opening would wait for the shell.
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def give(self, text: bytes) -> None:
        """Write what fits now, and the rest when there is room; nothing at all is the end."""
        self._ends = self._ends or not text
        self._pending += text[: INPUT_MOST - len(self._pending)]
        self._write()

    def close(self) -> None:
        """End it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if os.path.lexists(self.path):
            os.unlink(self.path)  # noqa: PTH108

    def _write(self) -> None:
        if self._descriptor < 0:
            return
        try:
            self._pending = self._pending[os.write(self._descriptor, self._pending) :] if self._pending else b""
        except BlockingIOError:
            pass
        except OSError:
            self._pending = b""
        if self._pending:
            self._loop.after(RETRY, self._write)
        elif self._ends:
            self.close()


def _forward(send: Callable[[int, int, bytes], None], kind: int, number: int) -> Callable[[bytes], None]:
    if kind == ERR:
        return lambda chunk: send(kind, number, without_noise(chunk))
    return lambda chunk: send(kind, number, chunk)
