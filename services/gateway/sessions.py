"""Sessions and one-time links in the key-value store, by the hash of their secret; sessions are known by heart."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import msgspec

from proto import events
from proto.errors import Unavailable
from services.runtime.bus import Bus, Interrupted, Kv

SECRET_BYTES = 32
_SESSION, _LINK = "session", "link"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What the store keeps under the hash of a secret."""

    user: str
    expires: datetime

    @property
    def stale(self) -> bool:
        """Whether its time is over."""
        return self.expires <= datetime.now(UTC)


class Session:
    """A browser that is signed in, for as long as it is."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.ended = asyncio.Event()

    @property
    def user(self) -> str:
        """The account it acts for."""
        return self.grant.user


class Sessions:
    """Opens, finds and ends sessions; a session that is ended anywhere ends here at once."""

    def __init__(self, bus: Bus, kv: Kv, lifetime: timedelta) -> None:
        self._bus = bus
        self._kv = kv
        self._lifetime = lifetime
        self._known: dict[str, Session] = {}

    async def keep(self) -> None:
        """Follow the store for ever; after the bus was away it is read anew."""
        while True:
            watching = asyncio.create_task(self._watch())
            try:
                async with self._bus.follow(events.of_noun(_SESSION)) as signals:
                    async for _ in signals:
                        pass
            except (Interrupted, Unavailable):
                continue
            finally:
                watching.cancel()

    async def invite(self, user: str, lifetime: timedelta) -> str:
        """Make a one-time link and return its token."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        await self._kv.create(_key(_LINK, token), _grant(user, lifetime))
        return token

    async def invited(self, token: str) -> bool:
        """Whether a link can still be used; looking does not use it."""
        self._reachable()
        value = await self._kv.get(_key(_LINK, token))
        return value is not None and not _read(value).stale

    async def redeem(self, token: str) -> str:
        """Use a link up and return the account it is for; empty when it cannot be used."""
        self._reachable()
        value = await self._kv.take(_key(_LINK, token))
        grant = _read(value) if value is not None else None
        return grant.user if grant is not None and not grant.stale else ""

    async def open(self, user: str) -> str:
        """Sign a browser in and return its secret."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        await self._kv.create(_key(_SESSION, secret), _grant(user, self._lifetime))
        return secret

    async def find(self, secret: str) -> Session | None:
        """The session of a secret; asks the store only for one that is not known yet."""
        if not secret:
            return None
        key = _key(_SESSION, secret)
        session = self._known.get(key)
        if session is None:
            self._reachable()
            value = await self._kv.get(key)
            session = Session(_read(value)) if value is not None else None
        return session if session is not None and not session.grant.stale else None

    async def end(self, secret: str) -> None:
        """Sign a browser out, here and wherever else it is known."""
        key = _key(_SESSION, secret)
        await self._kv.delete(key)
        self._forget(key)

    async def _watch(self) -> None:
        async for key, value in self._kv.watch():
            grant = _read(value) if value is not None else None
            if grant is None:
                self._forget(key)
            elif grant.stale:
                await self._kv.delete(key)
            elif key.startswith(_SESSION) and key not in self._known:
                self._known[key] = Session(grant)

    def _forget(self, key: str) -> None:
        session = self._known.pop(key, None)
        if session is not None:
            session.ended.set()

    def _reachable(self) -> None:
        if not self._bus.connected:
            raise Unavailable("The bus is not reachable, so nobody can be recognised. Try again in a moment.")


def _key(kind: str, secret: str) -> str:
    return f"{kind}.{hashlib.sha256(secret.encode()).hexdigest()}"


def _grant(user: str, lifetime: timedelta) -> bytes:
    return msgspec.json.encode(Grant(user=user, expires=datetime.now(UTC) + lifetime))


def _read(value: bytes) -> Grant:
    return msgspec.json.decode(value, type=Grant)
