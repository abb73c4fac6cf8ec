"""Slowing down whoever guesses passwords, by account and by address, in the store so that it holds at every gateway."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec

from proto.errors import Failure, Unavailable
from services.runtime.bus import Kv

ACCOUNT_TRIES, ADDRESS_TRIES = 5, 20
"""Tries that cost no waiting."""
FIRST, LONGEST = 1.0, 900.0
"""Seconds to wait after the last of these, doubled with each try that follows, and at most."""
FORGOTTEN = timedelta(hours=1)
_PREFIX = "throttle."


class TooMany(Failure):
    """Too many tries; wait a little."""

    code: ClassVar[int] = 429


class Tries(msgspec.Struct, frozen=True, kw_only=True):
    """How often it was tried lately."""

    count: int = 0
    last: datetime

    def wait(self, now: datetime, free: int) -> float:
        """Seconds until the next try is let through."""
        if self.count < free:
            return 0.0
        pause = min(FIRST * 2 ** min(self.count - free, 20), LONGEST)
        return max(0.0, (self.last + timedelta(seconds=pause) - now).total_seconds())


class Throttle:
    """Counts tries before they are made, so that many at once do not slip through."""

    def __init__(self, kv: Kv) -> None:
        self._kv = kv

    async def enter(self, name: str, address: str) -> None:
        """Let a try through, or raise TooMany with how long to wait."""
        # The address first: one address can only make so many entries for names.
        await self._count(_place("address", network(address)), ADDRESS_TRIES)
        await self._count(_place("account", name.casefold()), ACCOUNT_TRIES)

    async def succeeded(self, name: str, address: str) -> None:
        """Forget the tries for an account; an address keeps those for others."""
        await self._kv.delete(_place("account", name.casefold()))
        await self._kv.change(_place("address", network(address)), _one_less)

    async def sweep(self) -> None:
        """Drop what is forgotten; what cannot be dropped now is dropped after the next start."""
        now = datetime.now(UTC)
        with contextlib.suppress(Unavailable):
            for place, value in (await self._kv.everything()).items():
                if place.startswith(_PREFIX) and now - msgspec.json.decode(value, type=Tries).last > FORGOTTEN:
                    await self._kv.delete(place)

    async def _count(self, place: str, free: int) -> None:
        waits: list[float] = []

        def one_more(value: bytes | None) -> bytes | None:
            now = datetime.now(UTC)
            tries = msgspec.json.decode(value, type=Tries) if value else Tries(last=now)
            tries = tries if now - tries.last < FORGOTTEN else Tries(last=now)
            waits.append(tries.wait(now, free))
            return None if waits[-1] else msgspec.json.encode(Tries(count=tries.count + 1, last=now))

        await self._kv.change(place, one_more)
        if waits[-1]:
            raise TooMany(f"Too many tries. The next one is let through in {_spoken(waits[-1])}.")


def network(address: str) -> str:
    """What counts as one address: of IPv6 the network, for its owner has all of that."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _one_less(value: bytes | None) -> bytes | None:
    if value is None:
        return None
    tries = msgspec.json.decode(value, type=Tries)
    return msgspec.json.encode(msgspec.structs.replace(tries, count=max(0, tries.count - 1)))


def _place(kind: str, what: str) -> str:
    return f"{_PREFIX}{kind}.{hashlib.sha256(what.encode('utf-8', 'replace')).hexdigest()}"


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{max(1, round(seconds))} seconds"
