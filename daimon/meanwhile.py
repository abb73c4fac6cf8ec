"""What happens while a line is typed: told above it, without a letter of it being disturbed."""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from daimon.connection import connect
from daimon.terminal import printable, remark
from proto import events
from proto.errors import Failure
from proto.events import Event
from proto.kinds import happening
from proto.notices import told
from proto.suggestions import SuggestionMade, named
from services.runtime import settings
from services.runtime.bus import Interrupted

ENDS_WITHIN = 5.0
_MAKE_ROOM = "\x1bD\x1b[A"
"""Scroll where this is the last row; the column stays."""
_ABOVE = "\x1b7\r\x1b[L{}\x1b8\x1b[B"
"""Put a row in above this one, write into it, and come back to the same column a row below."""


class Typing:
    """The line that is being typed, and what waits to be told until it is not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompt = ""
        """Empty while nothing is typed."""
        self._held: list[str] = []

    def line(self, prompt: str) -> str:
        """Tell what was held back, then ask for a line."""
        with self._lock:
            held, self._held, self._prompt = self._held, [], prompt
        for sentence in held:
            remark(sentence)
        try:
            return input(prompt)
        finally:
            with self._lock:
                self._prompt = ""

    def tell(self, sentence: str) -> None:
        """Say something at once where there is room for it, otherwise before the next line."""
        import readline  # noqa: PLC0415 - it changes the terminal, so only where somebody types

        width = shutil.get_terminal_size().columns
        with self._lock:
            typed = len(self._prompt) + len(readline.get_line_buffer())
            if not self._prompt or typed >= width or not settings.cursor_moves():
                self._held.append(sentence)
            else:
                sys.stdout.write(_MAKE_ROOM + _ABOVE.format(_fitted(sentence, width)))
                sys.stdout.flush()


class Meanwhile:
    """Follows what happens to a user in a thread of its own, for `input` holds up everything else."""

    def __init__(self, home: Path | None, user: str, conversation: str, tell: Callable[[str], None]) -> None:
        self._home = home
        self._user = user
        self._conversation = conversation
        self._tell = tell
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop = asyncio.new_event_loop()
        self._following: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._following = self._loop.create_task(self._follow())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._following is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._following.cancel)
        self._thread.join(ENDS_WITHIN)

    def _run(self) -> None:
        assert self._following is not None  # noqa: S101 - the thread is started after it
        self._loop.run_until_complete(asyncio.wait([self._following]))
        self._loop.close()

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
            except Interrupted:
                continue
            except (Failure, settings.SettingsError):
                # The next message says so, too.
                return

    async def _listen(self) -> None:
        async with (
            connect(self._home, self._user) as connection,
            connection.bus.follow(events.of_user(self._user)) as live,
        ):
            async for event in live:
                if sentence := notice(event, self._conversation):
                    self._tell(sentence)


def notice(event: Event, conversation: str) -> str:
    """Say what somebody who talks in a conversation is told of an event; empty for what they see there anyway."""
    found = happening(event)
    if isinstance(found, SuggestionMade):
        return f"Shall the ghost {named(found.steps)}? {found.why}. /accept or /dismiss"
    what = told(event, found)
    if what is None or (event.conversation == conversation and what.about != "jobs"):
        return ""
    return what.sentence


def _fitted(sentence: str, width: int) -> str:
    line = printable(" ".join(sentence.split()))
    return line if len(line) < width else f"{line[: width - 2]}…"
