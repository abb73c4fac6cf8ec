"""The settings pages about oneself: the profile, the password, what one is told of."""

from __future__ import annotations

from fastapi import Response
from msgspec.structs import replace

from proto import accounts, choices, ui_accounts
from proto.accounts import NOTICES, Profile
from proto.base import Nothing
from proto.errors import Failure, Refused
from services.gateway.accounts.administration import meet, record
from services.gateway.accounts.passwords import chosen
from services.gateway.visit import Visit, opened, posted, see_other


async def profile(visit: Visit) -> Response:
    """One's own account."""
    return await _profile(visit)


async def be_met(visit: Visit) -> Response:
    """Choose how one wants to be met."""
    form = await visit.form()
    words = {name: " ".join(form.get(name, "").split()) for name in ("shown", "zone", "language")}
    typed = replace(visit.profile, **words)
    try:
        await meet(visit.gate, typed, visit.caller())
    except Failure as failure:
        return await _profile(visit, failure, typed)
    return see_other("/settings")


async def password(visit: Visit) -> Response:
    """Choose a password; other browsers are signed out, for one chooses a new one when the old one is known."""
    form, gate = await visit.form(), visit.gate
    account = await gate.users.find(visit.user)
    try:
        if account.password:
            await gate.throttle.enter(visit.user, visit.address)
            if await gate.users.check(visit.user, form.get("current", "")) is None:
                raise Refused("That is not the password you have now.")
            await gate.throttle.succeeded(visit.user, visit.address)
        made = await gate.users.hash(visit.user, chosen(form))
    except Failure as failure:
        return await _profile(visit, failure)
    await gate.users.secure(visit.user, made)
    await gate.sessions.end_all(visit.user, but=visit.session.id if visit.session else "")
    await record(gate, visit.user, accounts.PasswordSet())
    return see_other("/settings")


async def notices(visit: Visit) -> Response:
    """What one is told of."""
    view = ui_accounts.NoticesPage(frame=visit.frame(), notices=visit.profile.notices)
    try:
        view = replace(view, wakes=(await visit.call(choices.WAKING, Nothing())).on)
    except Failure as away:
        view = replace(view, problem=away.message)
    return await visit.page(ui_accounts.NOTICES, view)


async def choose_notices(visit: Visit) -> Response:
    """Choose what one is told of; pages that are open know it when they are opened anew."""
    form = await visit.form()
    wanted = tuple(name for name in NOTICES if name in form)
    await meet(visit.gate, replace(visit.profile, notices=wanted), visit.caller())
    return see_other("/settings/notifications")


async def choose_waking(visit: Visit) -> Response:
    """Choose whether the assistant speaks when a job of its ends."""
    wanted = choices.Waking(on="waking" in await visit.form())
    await visit.call(choices.SET_WAKING, wanted)
    return see_other("/settings/notifications")


async def _profile(visit: Visit, failure: Failure | None = None, typed: Profile | None = None) -> Response:
    account = await visit.gate.users.find(visit.user)
    frame = visit.frame(path="/settings", notice=failure.message if failure else "")
    view = ui_accounts.ProfilePage(frame=frame, account=account, profile=typed or account.profile)
    return await visit.page(ui_accounts.PROFILE, view, status=failure.code if failure else 200)


ROUTES = (
    opened("/settings", profile),
    posted("/settings", be_met, least="guest"),
    posted("/settings/password", password, least="guest"),
    opened("/settings/notifications", notices),
    posted("/settings/notifications", choose_notices, least="guest"),
    posted("/settings/waking", choose_waking),
)
