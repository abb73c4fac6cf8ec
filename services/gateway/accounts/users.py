"""The accounts in the key-value store; all of them are known by heart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from proto.accounts import Account, Profile, Role, State
from proto.base import token
from proto.errors import Invalid, Missing, Refused
from services.gateway.accounts.bucket import keep
from services.gateway.accounts.passwords import Passwords
from services.runtime.bus import Bus, Kv

NAME = re.compile(r"[\w.@+-]{1,64}")
_ACCOUNT = "account."


class Kept(Account, frozen=True, kw_only=True):
    """An account as the store has it."""

    hash: str = ""
    """The password's, empty when there is none."""


Decide = Callable[[Kept | None], Kept]


class Users:
    """Makes, finds and changes accounts; what is changed anywhere holds here at once."""

    def __init__(self, bus: Bus, kv: Kv, owner: str) -> None:
        self._bus = bus
        self._kv = kv
        self._owner = owner
        self._passwords = Passwords()
        self._known: dict[str, Kept] = {}

    async def keep(self) -> None:
        """Follow the store for ever."""
        await keep(self._bus, self._kv, self._hear)

    async def find(self, name: str) -> Account:
        """An account; a name that nobody has made one for yet may do what a new one may."""
        return _shown(await self._find(name) or self._fresh(name, "member"))

    async def all(self) -> tuple[Account, ...]:
        """All accounts that are not deleted, by name."""
        kept = [_read(value) for place, value in (await self._kv.everything()).items() if place.startswith(_ACCOUNT)]
        return tuple(sorted((_shown(one) for one in kept if one.state != "deleted"), key=lambda one: one.name))

    async def invite(self, name: str, role: Role = "member") -> Account:
        """An account to make a link for, made where it is not there yet; Refused when it may not come in."""
        if not NAME.fullmatch(name) or unicodedata.normalize("NFKC", name) != name:
            raise Invalid("A name has up to 64 letters, digits, and . @ + - _ and nothing else.")
        known = await self._find(name)
        if known is None:
            return await self._change(name, lambda kept: kept or self._fresh(name, role))
        if known.state in ("disabled", "deleted"):
            raise Refused(f"The account {known.name} is {known.state}.")
        return _shown(known)

    async def entered(self, name: str) -> None:
        """Somebody used a link for an account."""
        await self._set(name, state="active")

    async def change(self, name: str, role: Role | None = None, state: State | None = None) -> Account:
        """Give an account another role or state; Refused when nobody would be owner any more."""
        known = await self._find(name)
        if known is None or known.state == "deleted":
            raise Missing(f"There is no account '{name[:64]}'.")
        stays = (role or known.role) == "owner" and (state or known.state) not in ("disabled", "deleted")
        if known.role == "owner" and not stays and await self._owners() < 2:
            raise Refused(f"{known.name} is the only owner; make somebody else one first.")
        forgotten = {"hash": "", "password": False, "profile": Profile()} if state == "deleted" else {}
        return await self._set(name, role=role or known.role, state=state or known.state, **forgotten)

    async def forget(self, name: str) -> None:
        """Drop how somebody wants to be met; the account with its name, role and password stays."""
        if await self._find(name) is not None:
            await self._set(name, profile=Profile())

    async def meet(self, name: str, profile: Profile) -> None:
        """Let an account be met otherwise."""
        await self._set(name, profile=profile)

    async def hash(self, name: str, password: str) -> str:
        """The hash of a password that an account may have; Invalid for one that is no good."""
        if password.casefold() == name.casefold():
            raise Invalid("That is the name, which everybody knows; take something else.")
        return await self._passwords.hash(password)

    async def secure(self, name: str, made: str) -> None:
        """Give an account a password, by its hash."""
        await self._set(name, hash=made, password=True)

    async def check(self, name: str, password: str) -> Account | None:
        """The account, if this is its password and it may come in; takes equally long either way."""
        known = await self._find(name)
        kept = known.hash if known is not None and known.state == "active" else ""
        right = await self._passwords.matches(kept, password)
        return _shown(known) if right and known is not None else None

    async def _owners(self) -> int:
        return len([one for one in await self.all() if one.role == "owner" and one.state in ("active", "invited")])

    async def _find(self, name: str) -> Kept | None:
        place = _place(name)
        if place not in self._known:
            value = await self._kv.get(place)
            if value is None:
                return None
            self._known.setdefault(place, _read(value))
        return self._known[place]

    def _fresh(self, name: str, role: Role) -> Kept:
        owner = name == self._owner
        return Kept(name=name, role="owner" if owner else role, state="invited", made=datetime.now(UTC))

    async def _set(self, name: str, **fields: object) -> Account:
        return await self._change(
            name, lambda kept: msgspec.structs.replace(kept or self._fresh(name, "member"), **fields)
        )

    async def _change(self, name: str, decide: Decide) -> Account:
        place = _place(name)
        changed: list[Kept] = []

        def write(value: bytes | None) -> bytes:
            changed.append(decide(_read(value) if value is not None else None))
            return msgspec.json.encode(changed[-1])

        await self._kv.change(place, write)
        self._known[place] = changed[-1]
        return _shown(changed[-1])

    async def _hear(self, place: str, value: bytes | None) -> None:
        if place.startswith(_ACCOUNT) and value is not None:
            self._known[place] = _read(value)


def _place(name: str) -> str:
    return _ACCOUNT + token(name.casefold())


def _read(value: bytes) -> Kept:
    return msgspec.json.decode(value, type=Kept)


def _shown(kept: Kept) -> Account:
    return Account(
        name=kept.name, role=kept.role, state=kept.state, made=kept.made, password=kept.password, profile=kept.profile
    )
