"""One command: its text, its outputs, its time, and how it is stopped when it must be."""

from __future__ import annotations

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
# What is sent to the shell and to the command's processes, and how long that may take; at the end the shell is killed.
ASKED = ((INTERRUPT, INTERRUPT, 0.4), (ABANDON, TERMINATE, 1.0), (ABANDON, KILL, 0.2), (INTERRUPT, KILL, 0.3))
FORCED = ((ABANDON, KILL, 0.2), (INTERRUPT, KILL, 0.3))


class Command:
    """A command that is running in the shell."""

    def __init__(
        self, number: int, text: str, pipes: Pipes, send: Callable[[int, int, bytes], None], room: tuple[int, int]
    ) -> None:
        self.number = number
        self.limit = ""
        self._text = text
        self._began = (0, 0)
        self._shell = 0
        self._timers: list[Timer] = []
        self._streams = tuple(
            Stream(
                pipes.new(),
                Kept(f"{number}.{name}", *room),
                _forward(send, kind, number),
                self._flooded,
            )
            for name, kind in (("out", OUT), ("err", ERR))
        )
        self._flood = False

    def _flooded(self) -> None:
        self._flood = True

    def begin(self, loop: Loop, shell: Shell, seconds: float, stop: Callable[[str], None]) -> None:
        """Hand the command to the shell; `stop` is called with a sentence when it may not go on."""
        for stream in self._streams:
            self._follow(loop, stream, stop)
        late = f"the command was stopped: it ran longer than its {seconds:g} s"
        self._timers.append(loop.after(seconds, lambda: stop(late)))
        self._shell = shell.pid
        self._began = processes.moment()
        out, err = (stream.path for stream in self._streams)
        shell.run(self.number, self._text.encode("utf-8", "surrogateescape"), out, err)

    def _follow(self, loop: Loop, stream: Stream, stop: Callable[[str], None]) -> None:
        def take() -> None:
            if stream.take() < 0:
                loop.forget(stream.descriptor)
            if self._flood:
                self._flood = False
                stop("the command was stopped: it printed more than the box keeps of one command")

        loop.read(stream.descriptor, take)

    def stop(self, loop: Loop, shell: Shell, *, force: bool) -> None:
        """End the command, asking first unless forced; the shell goes on if it can."""
        for timer in self._timers:
            timer.cancel()
        self._push(loop, shell, list(FORCED if force else ASKED))

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
        if self.limit:
            processes.send(KILL, processes.children_of(self._shell, self._began))
        for stream in self._streams:
            stream.unlink()
            loop.forget(stream.descriptor)
            if stream.drain():
                late.add(stream)
            else:
                stream.close()
        out, err = (stream.kept.path for stream in self._streams)
        return out, err


def _forward(send: Callable[[int, int, bytes], None], kind: int, number: int) -> Callable[[bytes], None]:
    if kind == ERR:
        return lambda chunk: send(kind, number, without_noise(chunk))
    return lambda chunk: send(kind, number, chunk)
