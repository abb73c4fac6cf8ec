"""Accounts, links and API keys: what is done to them, each with its event, for pages and the owner's command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec

from proto import accounts, backups, forgetting, keys
from proto.base import Call, Caller, Nothing
from proto.events import Happening, happened
from services.gateway.accounts.meeting import checked
from services.gateway.gate import Gate

Handler = Callable[[Any, Caller], Awaitable[msgspec.Struct]]
OWNER = "The owner"
"""Who acts at the command line."""


class Administration:
    """One method a subject. The broker lets nobody but the command line ask, and memory for what it forgets."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def routes(self) -> dict[Call[Any, Any], Handler]:
        """The calls with what answers them."""
        return {
            accounts.INVITE: self.invite,
            accounts.LIST_ACCOUNTS: self.list_accounts,
            accounts.CHANGE_ACCOUNT: self.change_account,
            keys.ADD_KEY: self.add_key,
            keys.LIST_KEYS: self.list_keys,
            keys.REVOKE_KEY: self.revoke_key,
            forgetting.ERASE_ACCESS: self.erase_access,
            accounts.MEET: self.meet,
            backups.MADE: self.backed_up,
        }

    async def invite(self, request: accounts.Invite, _: Caller) -> accounts.Link:
        """Make a link for an account, the owner's when none is named."""
        named = msgspec.structs.replace(request, user=request.user or self._gate.settings.owner)
        return await invite(self._gate, named)

    async def list_accounts(self, _: Nothing, __: Caller) -> accounts.Accounts:
        """List all accounts."""
        return accounts.Accounts(accounts=await self._gate.users.all())

    async def change_account(self, request: accounts.ChangeAccount, _: Caller) -> accounts.Account:
        """Give an account another role or state."""
        return await change_account(self._gate, request, OWNER)

    async def add_key(self, request: keys.AddKey, _: Caller) -> keys.NewKey:
        """Make an API key, and the account where it is not there yet."""
        await self._gate.users.invite(request.user)
        return await add_key(self._gate, request)

    async def list_keys(self, request: keys.ListKeys, _: Caller) -> keys.Keys:
        """List the API keys of an account."""
        return keys.Keys(keys=await self._gate.keys.of(request.user))

    async def revoke_key(self, request: keys.RevokeKey, _: Caller) -> keys.ApiKey:
        """Make an API key void."""
        return await revoke_key(self._gate, request)

    async def meet(self, request: accounts.Meet, caller: Caller) -> accounts.Profile:
        """Meet somebody as they want to be met."""
        return await meet(self._gate, request.profile, caller)

    async def backed_up(self, request: backups.Made, _: Caller) -> Nothing:
        """Record what came of a backup that somebody asked for."""
        found = request.backup
        what = backups.BackupMade(name=found.name, size=found.size) if found else None
        await record(self._gate, request.user, what or backups.BackupFailed(problem=request.problem))
        return Nothing()

    async def erase_access(self, request: forgetting.EraseAccess, _: Caller) -> Nothing:
        """End whatever lets a user in, drop their profile, and record nothing of it."""
        await self._gate.sessions.end_all(request.user)
        await self._gate.keys.revoke_all(request.user)
        await self._gate.users.forget(request.user)
        return Nothing()


async def invite(gate: Gate, request: accounts.Invite) -> accounts.Link:
    """Make a one-time link for an account; a new account is an event in its own log."""
    account = await gate.users.invite(request.user, request.role)
    if request.welcome:
        await record(gate, account.name, accounts.Invited(role=account.role))
    minutes = gate.settings.link_minutes
    token = await gate.sessions.invite(account.name, timedelta(minutes=minutes), welcome=request.welcome)
    return accounts.Link(path=f"/in/{token}", minutes=minutes)


async def change_account(gate: Gate, request: accounts.ChangeAccount, by: str) -> accounts.Account:
    """Give an account another role or state; one that is not active any more loses whatever lets it in, at once."""
    account = await gate.users.change(request.user, request.role, request.state)
    if account.state in ("disabled", "deleted"):
        await gate.sessions.end_all(account.name)
        await gate.keys.revoke_all(account.name)
    await record(gate, account.name, accounts.AccountChanged(role=account.role, state=account.state, by=by))
    return account


async def add_key(gate: Gate, request: keys.AddKey) -> keys.NewKey:
    """Make an API key, which is an event without its secret."""
    key, secret = await gate.keys.add(request.user, request.name.strip() or "unnamed", request.days)
    await record(gate, key.user, keys.KeyAdded(key=key.id, name=key.name, expires=key.expires))
    return keys.NewKey(key=key, secret=secret)


async def revoke_key(gate: Gate, request: keys.RevokeKey) -> keys.ApiKey:
    """Make an API key void at once, which is an event."""
    key = await gate.keys.revoke(request.user, request.key)
    await record(gate, key.user, keys.KeyRevoked(key=key.id, name=key.name))
    return key


async def meet(gate: Gate, wanted: accounts.Profile, caller: Caller) -> accounts.Profile:
    """Meet somebody otherwise; Invalid where nobody can be met so."""
    before = (await gate.users.find(caller.user)).profile
    if wanted != before:
        await gate.users.meet(caller.user, checked(wanted))
        await gate.bus.journal.append(happened(accounts.ProfileChanged(profile=wanted, before=before), caller))
    return wanted


async def record(gate: Gate, user: str, what: Happening) -> None:
    """Put something that concerns an account into its log."""
    await gate.bus.journal.append(happened(what, Caller(user=user)))
