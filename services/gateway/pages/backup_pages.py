"""Backups in a browser: asked for, listed, and fetched by an owner who proves anew who they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from fastapi import Response
from fastapi.responses import FileResponse

from proto import backups, events, ui_settings
from proto.backups import RECORD, Backup, BackupAsked, BackupFailed, BackupFetched
from proto.errors import Failure, Missing, Refused, Unavailable
from proto.kinds import happening
from services.gateway.accounts.administration import record
from services.gateway.visit import Visit, opened, posted, see_other

HERE = "/settings/backup"
LONGEST = timedelta(minutes=30)
"""After which a backup that nobody said anything of is no longer waited for."""


async def page(visit: Visit) -> Response:
    """What backups there are, and how one is restored."""
    return await _page(visit)


async def ask(visit: Visit) -> Response:
    """Ask for a backup; it is made by whatever started Daimon."""
    if not visit.gate.settings.backups:
        raise Unavailable(
            "Backups are made at the command line here: `daimon backup FILE --home /var/lib/daimon`, by root."
        )
    if not (await _state(visit))[0]:
        await record(visit.gate, visit.user, BackupAsked())
    return see_other(HERE)


async def fetch(visit: Visit) -> Response:
    """Hand a backup out to an owner who gives their password again."""
    form, gate = await visit.form(), visit.gate
    try:
        backup = next((one for one in _listed(visit) if one.name == visit.path("name")), None)
        if backup is None:
            raise Missing("There is no such backup.")
        account = await gate.users.find(visit.user)
        if not account.password:
            raise Refused("Set a password on your profile first; a backup holds everything, so it takes one.")
        await gate.throttle.enter(visit.user, visit.address)
        if await gate.users.check(visit.user, form.get("password", "")) is None:
            raise Refused("That is not your password.")
        await gate.throttle.succeeded(visit.user, visit.address)
    except Failure as failure:
        return await _page(visit, failure)
    await record(gate, visit.user, BackupFetched(name=backup.name))
    path = Path(gate.settings.backups) / backup.name
    return FileResponse(path, media_type="application/x-tar", filename=backup.name)


async def _page(visit: Visit, failure: Failure | None = None) -> Response:
    frame = visit.frame(path=HERE, notice=failure.message if failure else "")
    making, problem = await _state(visit)
    view = ui_settings.BackupPage(
        frame=frame,
        here=bool(visit.gate.settings.backups),
        backups=_listed(visit),
        making=making,
        problem=problem,
        password=(await visit.gate.users.find(visit.user)).password,
    )
    return await visit.page(ui_settings.BACKUP, view, status=failure.code if failure else 200)


async def _state(visit: Visit) -> tuple[bool, str]:
    """Whether one is being made, and why the last one was not."""
    last = await visit.gate.bus.journal.last(events.of_noun("backup"))
    if last is None:
        return False, ""
    what = happening(last.event)
    fresh = datetime.now(UTC) - last.event.time < LONGEST
    return isinstance(what, BackupAsked) and fresh, what.problem if isinstance(what, BackupFailed) else ""


def _listed(visit: Visit) -> tuple[Backup, ...]:
    """The newest first; those whose file is gone are left out."""
    folder = visit.gate.settings.backups
    found = [_read(path) for path in sorted(Path(folder).glob(f"*{RECORD}"), reverse=True)] if folder else []
    return tuple(one for one in found if one is not None)


def _read(path: Path) -> Backup | None:
    try:
        backup = msgspec.json.decode(path.read_bytes(), type=Backup)
    except (OSError, msgspec.DecodeError):
        return None
    whole = path.with_suffix(backups.SUFFIX)
    return backup if backup.name == whole.name and whole.is_file() else None


ROUTES = (
    opened(HERE, page, least="owner"),
    posted(HERE, ask, least="owner"),
    posted(f"{HERE}/{{name}}", fetch, least="owner"),
)
