"""API keys in the key-value store, by the hash of their secret; all of them are known by heart."""

from __future__ import annotations

import contextlib
import secrets
from datetime import UTC, datetime, timedelta

import msgspec

from proto.base import new_id
from proto.errors import Ambiguous, Failure, Missing, Refused
from proto.keys import ApiKey
from services.gateway.accounts.bucket import keep
from services.gateway.accounts.sessions import SECRET_BYTES, Session, hashed, reachable
from services.runtime.bus import Bus, Kv

MARK = "daimon-"
"""How every key begins, so that a scanner that finds one knows what it is."""
USED_EVERY = timedelta(minutes=1)
"""How often it is written down that a key is in use."""
MOST = 100
"""Keys of one account."""
_KEY = "key."


class Held:
    """A key that can be used now."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.session = Session(key.user, key.expires)


class Keys:
    """Makes, finds and revokes API keys; a key that is revoked anywhere is void here at once."""

    def __init__(self, bus: Bus, kv: Kv) -> None:
        self._bus = bus
        self._kv = kv
        self._held: dict[str, Held] = {}

    async def keep(self) -> None:
        """Follow the store for ever."""
        await keep(self._bus, self._kv, self._hear)

    async def add(self, user: str, name: str, days: int) -> tuple[ApiKey, str]:
        """Make a key; returns it with its secret, which is kept nowhere."""
        if len(await self.of(user)) >= MOST:
            raise Refused(f"{MOST} API keys are the most; revoke one that is not used any more.")
        now = datetime.now(UTC)
        expires = now + timedelta(days=days) if days else None
        key = ApiKey(id=new_id(), user=user, name=name, made=now, expires=expires)
        secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
        await self._kv.create(_place(secret), msgspec.json.encode(key))
        return key, secret

    async def of(self, user: str) -> tuple[ApiKey, ...]:
        """The keys of an account, newest first."""
        found = [key for key in (await self._everything()).values() if key.user == user]
        return tuple(sorted(found, key=lambda key: key.id, reverse=True))

    async def revoke(self, user: str, name: str) -> ApiKey:
        """Make a key of an account void, by its id or by a name that only one has."""
        everything = await self._everything()
        mine = {place: key for place, key in everything.items() if key.user == user}
        found = [place for place, key in mine.items() if key.id == name]
        found = found or [place for place, key in mine.items() if key.name == name]
        if not found:
            raise Missing(f"There is no API key '{name[:64]}'; `daimon keys list` shows those that there are.")
        if len(found) > 1:
            raise Ambiguous(f"{len(found)} API keys are called '{name[:64]}'; give the id of one of them.")
        await self._drop(found[0])
        return mine[found[0]]

    async def revoke_all(self, user: str) -> None:
        """Make every key of an account void."""
        for place, key in (await self._everything()).items():
            if key.user == user:
                await self._drop(place)

    async def find(self, secret: str) -> Session | None:
        """What a key opens; asks the store only for one that is not known yet."""
        if not secret.startswith(MARK):
            return None
        place = _place(secret)
        held = self._held.get(place)
        if held is None:
            reachable(self._bus)
            value = await self._kv.get(place)
            held = self._learn(place, _read(value)) if value is not None else None
        if held is None or held.session.stale:
            return None
        await self._note(place, held)
        return held.session

    async def _note(self, place: str, held: Held) -> None:
        """Write down that a key is in use; one that was revoked in the meantime stays revoked."""
        now, used = datetime.now(UTC), held.key.used
        if used is not None and now - used < USED_EVERY:
            return
        held.key = msgspec.structs.replace(held.key, used=now)
        with contextlib.suppress(Failure):
            await self._kv.change(place, lambda there: None if there is None else msgspec.json.encode(held.key))

    async def _everything(self) -> dict[str, ApiKey]:
        found = await self._kv.everything()
        return {place: _read(value) for place, value in found.items() if place.startswith(_KEY)}

    async def _hear(self, place: str, value: bytes | None) -> None:
        if not place.startswith(_KEY):
            return
        if value is None:
            self._forget(place)
        else:
            self._learn(place, _read(value))

    def _learn(self, place: str, key: ApiKey) -> Held:
        held = self._held.setdefault(place, Held(key))
        held.key = key
        return held

    async def _drop(self, place: str) -> None:
        await self._kv.delete(place)
        self._forget(place)

    def _forget(self, place: str) -> None:
        held = self._held.pop(place, None)
        if held is not None:
            held.session.ended.set()


def _place(secret: str) -> str:
    return _KEY + hashed(secret)


def _read(value: bytes) -> ApiKey:
    return msgspec.json.decode(value, type=ApiKey)
