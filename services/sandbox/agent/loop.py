"""A small event loop: readable descriptors and timers, without the weight of asyncio."""

from __future__ import annotations

import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Timer:
    """Something to be called once; `cancel` makes it nothing."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None

    def sooner_than(self, seconds: float) -> bool:
        """Whether it comes before so many seconds have passed."""
        return self.call is not None and self.due <= time.monotonic() + seconds


class Loop:
    """Calls back when a descriptor is readable or closed, and when a time has come."""

    __slots__ = ("_epoll", "_readers", "_timers")

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._timers: list[Timer] = []

    def read(self, descriptor: int, ready: Callable[[], None]) -> None:
        """Call `ready` whenever the descriptor can be read or has ended."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._readers[descriptor] = ready

    def forget(self, descriptor: int) -> None:
        """Stop watching a descriptor, which must still be open."""
        if self._readers.pop(descriptor, None):
            self._epoll.unregister(descriptor)

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once after so many seconds."""
        timer = Timer(time.monotonic() + seconds, call)
        self._timers.append(timer)
        return timer

    def turn(self) -> None:
        """Wait for the next thing to happen and see to it."""
        for descriptor, _ in self._epoll.poll(self._pause()):
            ready = self._readers.get(descriptor)
            if ready is not None:
                ready()
        now = time.monotonic()
        due = [timer for timer in self._timers if timer.call is None or timer.due <= now]
        self._timers = [timer for timer in self._timers if timer not in due]
        for timer in due:
            if timer.call is not None:
                timer.call()

    def _pause(self) -> float:
        dues = [timer.due for timer in self._timers if timer.call is not None]
        return max(0.0, min(dues) - time.monotonic()) if dues else -1
