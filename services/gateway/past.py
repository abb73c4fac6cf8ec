"""Looking back: which moment a page is asked to show, and how far back it could."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from fastapi import Response

from proto import chat, events, timeline, ui
from proto.base import Nothing
from proto.errors import Failure, Invalid
from proto.moments import NOW, moment, zone_of
from services.gateway.panes import TIMEOUT
from services.gateway.visit import ZONE_LIMIT, Visit, see_other
from services.runtime.bus.journal import Journal

SECONDS_DIGITS = 11
AS_OF_LIMIT = 40


async def past(visit: Visit) -> ui.Past:
    """What the address says of the past; Invalid where it is no moment."""
    try:
        history = await visit.call(timeline.HISTORY, Nothing(), timeout=TIMEOUT)
    except Failure:
        history = timeline.History()
    text = visit.query("as_of").strip()
    if not text:
        return ui.Past(first=history.first, last=history.last)
    if len(text) > AS_OF_LIMIT:
        raise Invalid("A moment is written shorter, such as 2026-11-20 14:05.")
    then = moment(text, zone_of(visit.request.cookies.get("daimon_zone", "")[:ZONE_LIMIT]))
    at = None if then.time == NOW.time else then.time
    return ui.Past(first=history.first, last=history.last, as_of=_exact(at) if at else text, then=at)


async def since_begun(journal: Journal, user: str, conversation: str) -> ui.Past:
    """How far back one can look at a conversation: to its first message; nowhere where there is none."""
    asked = await journal.read(events.of_kind(chat.Asked.kind, user, conversation), limit=1)
    return ui.Past(first=asked[0].event.time, last=datetime.now(UTC)) if asked else ui.Past()


def moved(visit: Visit) -> Response | None:
    """Where the slider leads: to the address of the moment that it was moved to; None where it was not moved."""
    at, now = visit.query("at"), visit.query("now")
    if not at:
        return None
    if not _is_seconds(at) or (now and not _is_seconds(now)):
        raise Invalid("The slider gives a time in seconds. Write an exact time beside it instead.")
    then, path = datetime.fromtimestamp(int(at), UTC), quote(visit.request.url.path)
    # The slider's own end means now, however long its page has stood there.
    if then >= datetime.now(UTC) or (now and int(at) >= int(now)):
        return see_other(path)
    return see_other(f"{path}?{urlencode({'as_of': _exact(then)})}")


def _is_seconds(text: str) -> bool:
    return text.isdecimal() and len(text) <= SECONDS_DIGITS


def _exact(time: datetime) -> str:
    return (
        time.astimezone(UTC)
        .isoformat(timespec="microseconds" if time.microsecond else "seconds")
        .replace("+00:00", "Z")
    )
