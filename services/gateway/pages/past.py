"""Looking back: which moment a page is asked to show, and how far back it could."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from fastapi import Response

from proto import chat, events, timeline, ui
from proto.base import Nothing
from proto.errors import Failure, Invalid
from proto.moments import NOW, moment, zone_of
from services.gateway.pages.panes import TIMEOUT
from services.gateway.visit import ZONE_LIMIT, Visit, see_other
from services.runtime.bus.journal import Journal

SECONDS_DIGITS = 11
AS_OF_LIMIT = 40


async def past(visit: Visit, said: str = "") -> ui.Past:
    """What the address, or a form, says of the past; Invalid where it is no moment."""
    try:
        history = await visit.call(timeline.HISTORY, Nothing(), timeout=TIMEOUT)
    except Failure:
        history = timeline.History()
    text = (said or visit.query("as_of")).strip()
    if not text:
        return ui.Past(first=history.first, last=history.last)
    if len(text) > AS_OF_LIMIT:
        raise Invalid("A moment is written shorter, such as 2026-11-20 14:05.")
    then = moment(text, zone_of(visit.request.cookies.get("daimon_zone", "")[:ZONE_LIMIT]))
    at = None if then.time == NOW.time else then.time
    return ui.Past(first=history.first, last=history.last, as_of=_exact(at) if at else text, then=at)


async def since_begun(journal: Journal, user: str, conversation: str) -> ui.Past:
    """How far back one can look at a conversation: to its first message; nowhere where there is none."""
    return await since_first(journal, events.of_kind(chat.Asked.kind, user, conversation))


async def since_first(journal: Journal, filter: str) -> ui.Past:  # noqa: A002
    """How far back one can look at what events of a filter tell: to the first of them."""
    found = await journal.read(filter, limit=1)
    return ui.Past(first=found[0].event.time, last=datetime.now(UTC)) if found else ui.Past()


async def until(visit: Visit, back: ui.Past) -> datetime | None:
    """The time before which everything lies that had happened by then; None for now."""
    if not back.as_of:
        return None
    if back.then is not None:
        return back.then + timedelta(microseconds=1)
    after = await visit.gate.bus.journal.read(events.of_user(visit.user), after=int(back.as_of), limit=1)
    return after[0].event.time if after else None


def moved(visit: Visit, *kept: str) -> Response | None:
    """Where the slider leads: to the address of the moment that it was moved to; None where it was not moved.

    `kept` are the other parameters that stay in the address.
    """
    at, now = visit.query("at"), visit.query("now")
    if not at:
        return None
    if not _is_seconds(at) or (now and not _is_seconds(now)):
        raise Invalid("The slider gives a time in seconds. Write an exact time beside it instead.")
    then, path = datetime.fromtimestamp(int(at), UTC), quote(visit.request.url.path)
    words = {name: visit.query(name) for name in kept if visit.query(name)}
    # The slider's own end means now, however long its page has stood there.
    if then < datetime.now(UTC) and not (now and int(at) >= int(now)):
        words["as_of"] = _exact(then)
    return see_other(f"{path}?{urlencode(words)}" if words else path)


def _is_seconds(text: str) -> bool:
    return text.isdecimal() and len(text) <= SECONDS_DIGITS


def _exact(time: datetime) -> str:
    return (
        time.astimezone(UTC)
        .isoformat(timespec="microseconds" if time.microsecond else "seconds")
        .replace("+00:00", "Z")
    )
