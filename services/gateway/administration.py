"""What the gateway answers on the bus: one-time links and API keys, for the owner's command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec

from proto import accounts
from proto.base import Call, Caller
from proto.events import Happening, happened
from services.gateway.gate import Gate

Handler = Callable[[Any, Caller], Awaitable[msgspec.Struct]]


class Administration:
    """One method a subject. The broker lets nobody but the command line ask."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def routes(self) -> dict[Call[Any, Any], Handler]:
        """The calls with what answers them."""
        return {
            accounts.INVITE: self.invite,
            accounts.ADD_KEY: self.add_key,
            accounts.LIST_KEYS: self.list_keys,
            accounts.REVOKE_KEY: self.revoke_key,
        }

    async def invite(self, request: accounts.Invite, _: Caller) -> accounts.Link:
        """Make a link for an account, the owner's when none is named."""
        minutes = self._gate.settings.link_minutes
        token = await self._gate.sessions.invite(request.user or self._gate.settings.owner, timedelta(minutes=minutes))
        return accounts.Link(path=f"/in/{token}", minutes=minutes)

    async def add_key(self, request: accounts.AddKey, _: Caller) -> accounts.NewKey:
        """Make an API key."""
        return await add_key(self._gate, request)

    async def list_keys(self, request: accounts.ListKeys, _: Caller) -> accounts.Keys:
        """List the API keys of an account."""
        return accounts.Keys(keys=await self._gate.keys.of(request.user))

    async def revoke_key(self, request: accounts.RevokeKey, _: Caller) -> accounts.ApiKey:
        """Make an API key void."""
        return await revoke_key(self._gate, request)


async def add_key(gate: Gate, request: accounts.AddKey) -> accounts.NewKey:
    """Make an API key, which is an event without its secret."""
    key, secret = await gate.keys.add(request.user, request.name.strip() or "unnamed", request.days)
    await _record(gate, key.user, accounts.KeyAdded(key=key.id, name=key.name, expires=key.expires))
    return accounts.NewKey(key=key, secret=secret)


async def revoke_key(gate: Gate, request: accounts.RevokeKey) -> accounts.ApiKey:
    """Make an API key void at once, which is an event."""
    key = await gate.keys.revoke(request.user, request.key)
    await _record(gate, key.user, accounts.KeyRevoked(key=key.id, name=key.name))
    return key


async def _record(gate: Gate, user: str, what: Happening) -> None:
    await gate.bus.journal.append(happened(what, Caller(user=user)))
