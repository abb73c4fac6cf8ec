"""The parts of a work that is whole only when each of them is done."""

from __future__ import annotations

from collections.abc import Awaitable

from proto import errors


class Parts:
    """Does each part whatever becomes of the others, and remembers which failed, and why."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    async def do(self, name: str, work: Awaitable[object]) -> None:
        """Do one part."""
        try:
            await work
        except errors.Failure as failure:
            self.failed.append(f"{name} ({failure.message.rstrip('.')})")

    def check(self) -> None:
        """Raise Unavailable when something is left."""
        if self.failed:
            raise errors.Unavailable(
                f"Not everything could be forgotten. What is left: {'; '.join(self.failed)}. The events stay until"
                " then, so that it can be taken up: have the same forgotten again."
            )
