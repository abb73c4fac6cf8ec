"""Sessions and one-time links in the key-value store, by the hash of their secret; sessions are known by heart."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import msgspec

from proto.base import new_id
from proto.errors import Missing, Unavailable
from services.gateway.accounts.bucket import keep
from services.runtime.bus import Bus, Kv

SECRET_BYTES = 32
AGENT = 200
"""Characters kept of how a browser calls itself."""
_SESSION, _LINK = "session", "link"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What the store keeps under the hash of a secret."""

    user: str
    expires: datetime
    id: str = ""
    """By which a session is named where its secret must not be."""
    made: datetime | None = None
    agent: str = ""
    """How the browser called itself."""
    welcome: bool = False
    """Of a link: whether whoever uses it chooses a password first."""

    @property
    def stale(self) -> bool:
        """Whether its time is over."""
        return self.expires <= datetime.now(UTC)


class Session:
    """A browser that is signed in, or a program with an API key, for as long as it is."""

    def __init__(self, user: str, expires: datetime | None, id: str = "") -> None:  # noqa: A002 - what it is
        self.user = user
        """The account it acts for."""
        self.id = id
        self.expires = expires
        self.ended = asyncio.Event()

    @property
    def stale(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


class Sessions:
    """Opens, finds and ends sessions; a session that is ended anywhere ends here at once."""

    def __init__(self, bus: Bus, kv: Kv, lifetime: timedelta) -> None:
        self._bus = bus
        self._kv = kv
        self._lifetime = lifetime
        self._known: dict[str, Session] = {}

    async def keep(self) -> None:
        """Follow the store for ever."""
        await keep(self._bus, self._kv, self._hear)

    async def invite(self, user: str, lifetime: timedelta, *, welcome: bool = False) -> str:
        """Make a one-time link and return its token."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        now = datetime.now(UTC)
        grant = Grant(user=user, expires=now + lifetime, id=new_id(), made=now, welcome=welcome)
        await self._kv.create(_key(_LINK, token), msgspec.json.encode(grant))
        return token

    async def invited(self, token: str) -> Grant | None:
        """What a link grants, None when it cannot be used; looking does not use it."""
        reachable(self._bus)
        value = await self._kv.get(_key(_LINK, token))
        grant = _read(value) if value is not None else None
        return grant if grant is not None and not grant.stale else None

    async def redeem(self, token: str) -> str:
        """Use a link up and return the account it is for; empty when it cannot be used."""
        reachable(self._bus)
        value = await self._kv.take(_key(_LINK, token))
        grant = _read(value) if value is not None else None
        return grant.user if grant is not None and not grant.stale else ""

    async def open(self, user: str, agent: str = "") -> str:
        """Sign a browser in and return its secret."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        now = datetime.now(UTC)
        grant = Grant(user=user, expires=now + self._lifetime, id=new_id(), made=now, agent=agent[:AGENT])
        await self._kv.create(_key(_SESSION, secret), msgspec.json.encode(grant))
        return secret

    async def all(self) -> tuple[Grant, ...]:
        """The sessions of everybody, newest first."""
        found = [grant for place, grant in (await self._grants()).items() if place.startswith(_SESSION)]
        return tuple(sorted((grant for grant in found if not grant.stale), key=lambda grant: grant.id, reverse=True))

    async def revoke(self, id: str, user: str = "") -> Grant:  # noqa: A002 - what it is
        """End a session from elsewhere, by its id; only one of this user's when one is named."""
        for place, grant in (await self._grants()).items():
            if place.startswith(_SESSION) and grant.id and grant.id == id and user in ("", grant.user):
                await self._drop(place)
                return grant
        raise Missing("There is no such session; it may have ended by itself.")

    async def end_all(self, user: str, *, but: str = "") -> None:
        """End every session of a user, and make their links void; one session may stay."""
        for place, grant in (await self._grants()).items():
            if grant.user == user and not (but and grant.id == but):
                await self._drop(place)

    async def find(self, secret: str) -> Session | None:
        """The session of a secret; asks the store only for one that is not known yet."""
        if not secret:
            return None
        key = _key(_SESSION, secret)
        session = self._known.get(key)
        if session is None:
            reachable(self._bus)
            value = await self._kv.get(key)
            session = self._learn(key, _read(value)) if value is not None else None
        return session if session is not None and not session.stale else None

    async def end(self, secret: str) -> None:
        """Sign a browser out, here and wherever else it is known."""
        await self._drop(_key(_SESSION, secret))

    async def _grants(self) -> dict[str, Grant]:
        return {place: _read(value) for place, value in (await self._kv.everything()).items()}

    async def _drop(self, key: str) -> None:
        await self._kv.delete(key)
        self._forget(key)

    async def _hear(self, key: str, value: bytes | None) -> None:
        grant = _read(value) if value is not None else None
        if grant is None:
            self._forget(key)
        elif grant.stale:
            await self._kv.delete(key)
        elif key.startswith(_SESSION):
            self._learn(key, grant)

    def _learn(self, key: str, grant: Grant) -> Session:
        # The one that is known stays: streams wait for its end.
        return self._known.setdefault(key, Session(grant.user, grant.expires, grant.id))

    def _forget(self, key: str) -> None:
        session = self._known.pop(key, None)
        if session is not None:
            session.ended.set()


def reachable(bus: Bus) -> None:
    """Return when the store can be asked; Unavailable otherwise."""
    if not bus.connected:
        raise Unavailable("The bus is not reachable, so nobody can be recognised. Try again in a moment.")


def hashed(secret: str) -> str:
    """Under what a secret is kept; it is random enough that nobody tries all of them."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(kind: str, secret: str) -> str:
    return f"{kind}.{hashed(secret)}"


def _read(value: bytes) -> Grant:
    return msgspec.json.decode(value, type=Grant)
