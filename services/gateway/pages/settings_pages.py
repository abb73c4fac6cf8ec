"""The settings pages about who comes in: sessions and API keys, and for the owner everybody's accounts."""

from __future__ import annotations

from fastapi import Response

from proto import accounts, keys, ui_accounts
from proto.accounts import NewState, Role
from proto.errors import Invalid
from services.gateway.accounts.access import RANKS
from services.gateway.accounts.administration import add_key, change_account, invite, record, revoke_key
from services.gateway.visit import Visit, opened, posted, see_other

DAYS_DIGITS = 4
STATES: tuple[NewState, ...] = ("active", "disabled", "deleted")

SHOWN_USERS = 200
"""Accounts on one page, the newest of them; the others are found by their names."""


async def sessions(visit: Visit) -> Response:
    """The browsers that are signed in."""
    everybody = visit.role == "owner"
    found = [grant for grant in await visit.gate.sessions.all() if everybody or grant.user == visit.user]
    here = visit.session.id if visit.session else ""
    lines = tuple(
        ui_accounts.SessionLine(
            id=grant.id,
            user=grant.user,
            agent=grant.agent,
            made=grant.made,
            expires=grant.expires,
            here=bool(grant.id) and grant.id == here,
        )
        for grant in found
    )
    view = ui_accounts.SessionsPage(frame=visit.frame(), role=visit.role, sessions=lines)
    return await visit.page(ui_accounts.SESSIONS, view)


async def revoke_session(visit: Visit) -> Response:
    """End a session of one's own; the owner may end anybody's."""
    whose = "" if visit.role == "owner" else visit.user
    ended = await visit.gate.sessions.revoke(visit.path("session"), whose)
    await record(visit.gate, ended.user, accounts.SessionRevoked(session=ended.id, by=visit.user))
    return see_other("/settings/sessions")


async def api_keys(visit: Visit) -> Response:
    """One's API keys."""
    return await _keys(visit)


async def add_api_key(visit: Visit) -> Response:
    """Make a key, and show its secret this once."""
    form = await visit.form()
    days = form.get("days", "") or "0"
    if not (days.isdecimal() and len(days) <= DAYS_DIGITS and int(days) <= keys.KEY_DAYS):
        raise Invalid(f"The days are a number up to {keys.KEY_DAYS}, or nothing.")
    name = " ".join(form.get("name", "").split())[:64]
    if not name:
        raise Invalid("A key needs a name, such as that of the program that will hold it.")
    made = await add_key(visit.gate, keys.AddKey(user=visit.user, name=name, days=int(days)))
    return await _keys(visit, made)


async def revoke_api_key(visit: Visit) -> Response:
    """Make a key of one's own void."""
    await revoke_key(visit.gate, keys.RevokeKey(user=visit.user, key=visit.path("key")))
    return see_other("/settings/keys")


async def users(visit: Visit) -> Response:
    """Everybody's account."""
    return await _users(visit)


async def invite_user(visit: Visit) -> Response:
    """Make a one-time link for somebody, who chooses a password with it; also for one who has forgotten theirs."""
    form = await visit.form()
    name, role = form.get("name", "").strip(), _role(form.get("role", "member"))
    link = await invite(visit.gate, accounts.Invite(user=name, role=role, welcome=True))
    return await _users(visit, f"{visit.origin}{link.path}", name)


async def change_user(visit: Visit) -> Response:
    """Give an account another role, or disable, enable or delete it."""
    form, name = await visit.form(), visit.path("user")
    change = accounts.ChangeAccount(user=name)
    if "role" in form:
        change = accounts.ChangeAccount(user=name, role=_role(form["role"]))
    elif "state" in form:
        change = accounts.ChangeAccount(user=name, state=_state(form["state"]))
    await change_account(visit.gate, change, visit.user)
    return see_other("/settings/users")


def _role(text: str) -> Role:
    if text not in RANKS:
        raise Invalid("A role is owner, member or guest.")
    return text


def _state(text: str) -> NewState:
    if text not in STATES:
        raise Invalid("An account can be active, disabled or deleted.")
    return text


async def _keys(visit: Visit, made: keys.NewKey | None = None) -> Response:
    frame = visit.frame(path="/settings/keys")
    found = await visit.gate.keys.of(visit.user)
    view = ui_accounts.KeysPage(frame=frame, role=visit.role, keys=found, made=made)
    return await visit.page(ui_accounts.KEYS, view)


async def _users(visit: Visit, link: str = "", invited: str = "") -> Response:
    words = visit.query("q").strip()[:64]
    found = [account for account in await visit.gate.users.all() if words.casefold() in account.name.casefold()]
    newest = sorted(found, key=lambda account: account.made, reverse=True)[:SHOWN_USERS]
    view = ui_accounts.UsersPage(
        frame=visit.frame(path="/settings/users"),
        accounts=tuple(sorted(newest, key=lambda account: account.name)),
        words=words,
        more=len(found) - len(newest),
        link=link,
        invited=invited,
    )
    return await visit.page(ui_accounts.USERS, view)


ROUTES = (
    opened("/settings/sessions", sessions),
    posted("/settings/sessions/{session}/revoke", revoke_session, least="guest"),
    opened("/settings/keys", api_keys),
    posted("/settings/keys", add_api_key),
    posted("/settings/keys/{key}/revoke", revoke_api_key, least="guest"),
    opened("/settings/users", users, least="owner"),
    posted("/settings/users", invite_user, least="owner"),
    posted("/settings/users/{user}", change_user, least="owner"),
)
