"""What a job prints, followed by a client: nothing twice, and nothing missing after the connection was away."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from daimon.connection import Connection
from proto.jobs import PRINTS, Item, Over, Printed
from services.runtime.bus import Interrupted
from services.runtime.bus.live import Following

Names = tuple[str, ...]


async def prints(connection: Connection, live: Following[tuple[Names, Item]], job: str) -> AsyncGenerator[Item, None]:
    """Yield all that a job printed and prints, to its end; `live` must have been entered before."""
    caller = connection.caller
    names = (caller.user, caller.conversation, job)
    feed = connection.bus.feed(PRINTS)
    seen = _Seen()
    for item in seen.new(await feed.read(*names)):
        yield item
    while not seen.over:
        try:
            at, came = await live.next()
            items = [came] if at == names else []
        except Interrupted:
            items = await feed.read(*names)
        if seen.gap(items):
            items = await feed.read(*names)
        for item in seen.new(items):
            yield item


class _Seen:
    """How far a reader has come."""

    def __init__(self) -> None:
        self._offset = 0
        self.over = False

    def gap(self, items: list[Item]) -> bool:
        """Whether something before these never came."""
        return any(isinstance(item, Printed) and item.offset > self._offset for item in items)

    def new(self, items: list[Item]) -> list[Item]:
        """What of these is new."""
        found: list[Item] = []
        for item in items:
            if isinstance(item, Printed):
                rest = item.text[max(0, self._offset - item.offset) :]
                if rest:
                    self._offset = item.offset + len(item.text)
                    found.append(Printed(offset=self._offset - len(rest), text=rest, stream=item.stream))
            elif isinstance(item, Over) and not self.over:
                self.over = True
                found.append(item)
        return found
