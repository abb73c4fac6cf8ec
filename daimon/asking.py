"""A question of the model at the terminal: may this run? Answered here, or in any other client meanwhile."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

from daimon.terminal import printable, remark
from proto.approvals import Answer
from proto.chat import Asking, Calling, Ended, Part, Returned, ToolUse
from proto.errors import Failure

HOW = "Allow it? [y]es, [n]o, [a]lways, or other arguments as JSON: "

Say = Callable[[Answer], Awaitable[object]]


class Prompt:
    """Asks while the answer is read; what another client answers takes the question back."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._asking: asyncio.Task[None] | None = None

    def take(self, part: Part) -> None:
        """Follow a turn: ask where it asks, and fall silent where it goes on."""
        if isinstance(part, Asking):
            self._ask(part.tool)
        elif isinstance(part, Calling | Returned | Ended):
            self.close()

    def close(self) -> None:
        """Ask no more."""
        if self._asking is not None and not self._asking.done():
            self._asking.cancel()
            remark("\nAnswered elsewhere.")
        self._asking = None

    def _ask(self, tool: ToolUse) -> None:
        print(printable(f"\n{tool.why}\n  {tool.action} {tool.arguments}"), file=sys.stderr)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            remark(f"It waits: daimon approve {tool.question}   or   daimon deny {tool.question}")
            return
        self._asking = asyncio.create_task(self._answered(tool.question))

    async def _answered(self, question: str) -> None:
        while True:
            print(HOW, end="", file=sys.stderr, flush=True)
            answer = understood(question, await _line())
            try:
                if answer is not None:
                    # What follows must not take the question for one that is open still.
                    self._asking = None
                    await self._say(answer)
                    return
            except Failure as failure:
                print(f"daimon: {printable(failure.message)}", file=sys.stderr)
                self._asking = asyncio.current_task()


def understood(question: str, line: str) -> Answer | None:
    """Read what was typed; None for what is no answer."""
    word = line.strip()
    if word.startswith("{"):
        return Answer(id=question, verdict="allow", arguments=word)
    match word.lower():
        case "y" | "yes":
            return Answer(id=question, verdict="allow")
        case "a" | "always":
            return Answer(id=question, verdict="allow", always=True)
        case "n" | "no":
            return Answer(id=question, verdict="deny")
    return None


async def _line() -> str:
    """Read a line from the terminal, and leave it to others as soon as nobody waits for it."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), readable.set)
    try:
        await readable.wait()
        return sys.stdin.readline()
    finally:
        loop.remove_reader(sys.stdin.fileno())
