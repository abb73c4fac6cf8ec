"""The settings pages about oneself: the profile, the password, what one is told of."""

from __future__ import annotations

import re
import unicodedata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Response
from msgspec.structs import replace

from proto import accounts, choices, ui_accounts
from proto.accounts import NOTICES, Profile
from proto.base import Nothing
from proto.errors import Failure, Invalid, Refused
from services.gateway.administration import record
from services.gateway.passwords import chosen
from services.gateway.visit import Visit, opened, posted, see_other

SHOWN = 64
LANGUAGE = re.compile(r"[\w ()-]{0,40}")


async def profile(visit: Visit) -> Response:
    """One's own account."""
    return await _profile(visit)


async def meet(visit: Visit) -> Response:
    """Choose how one wants to be met."""
    form = await visit.form()
    words = {name: " ".join(form.get(name, "").split()) for name in ("shown", "zone", "language")}
    typed = replace(visit.profile, **words)
    try:
        await _change(visit, checked(typed))
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
    await _change(visit, replace(visit.profile, notices=wanted))
    return see_other("/settings/notifications")


async def choose_waking(visit: Visit) -> Response:
    """Choose whether the assistant speaks when a job of its ends."""
    wanted = choices.Waking(on="waking" in await visit.form())
    await visit.call(choices.SET_WAKING, wanted)
    return see_other("/settings/notifications")


def checked(profile: Profile) -> Profile:
    """The profile, if it can be; Invalid says what is wrong with it."""
    if len(profile.shown) > SHOWN:
        raise Invalid(f"A name has at most {SHOWN} letters.")
    if profile.zone and not _is_zone(profile.zone):
        raise Invalid(f"There is no time zone '{profile.zone[:64]}'; write one such as Europe/Oslo, or leave it empty.")
    if any(unicodedata.category(letter) in ("Cc", "Cf") for letter in profile.shown):
        raise Invalid("The name shown has letters that cannot be seen; type it anew.")
    if not LANGUAGE.fullmatch(profile.language):
        raise Invalid("A language has at most 40 letters, such as Deutsch or English.")
    return profile


async def _change(visit: Visit, wanted: Profile) -> None:
    if wanted != visit.profile:
        await visit.gate.users.meet(visit.user, wanted)
        await record(visit.gate, visit.user, accounts.ProfileChanged(profile=wanted))


async def _profile(visit: Visit, failure: Failure | None = None, typed: Profile | None = None) -> Response:
    account = await visit.gate.users.find(visit.user)
    frame = visit.frame(path="/settings", notice=failure.message if failure else "")
    view = ui_accounts.ProfilePage(frame=frame, account=account, profile=typed or account.profile)
    return await visit.page(ui_accounts.PROFILE, view, status=failure.code if failure else 200)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return False
    return True


ROUTES = (
    opened("/settings", profile),
    posted("/settings", meet, least="guest"),
    posted("/settings/password", password, least="guest"),
    opened("/settings/notifications", notices),
    posted("/settings/notifications", choose_notices, least="guest"),
    posted("/settings/waking", choose_waking),
)
