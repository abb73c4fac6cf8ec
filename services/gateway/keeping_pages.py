"""The settings pages about what is kept: vectors, recording, how long, and all of it as a file."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import Response
from fastapi.responses import FileResponse
from msgspec.structs import replace
from starlette.background import BackgroundTask

from proto import accounts, events, forgetting, memory, retention, ui_settings
from proto.base import Nothing
from proto.errors import Failure, Invalid
from services.gateway.administration import record
from services.gateway.visit import Visit, opened, posted, see_other
from services.runtime.archive import archive

DAYS_DIGITS = 5


async def kept(visit: Visit) -> Response:
    """What is recorded and how long it is kept, and how far the vectors are."""
    return await _page(visit)


async def record_or_not(visit: Visit) -> Response:
    """Pause recording what Daimon can do without, or resume it."""
    if (await visit.form()).get("recording") == "pause":
        await visit.call(forgetting.PAUSE, forgetting.PauseRecording())
    else:
        await visit.call(forgetting.RESUME, forgetting.ResumeRecording())
    return see_other("/settings/memory")


async def retain(visit: Visit) -> Response:
    """Choose how many days events of a kind are kept."""
    form = await visit.form()
    kind, days = form.get("kind", ""), form.get("days", "").strip()
    try:
        await visit.call(retention.RETAIN, retention.Retain(kind=kind, days=_days(days)))
    except Failure as failure:
        return await _page(visit, failure, kind, days)
    return see_other("/settings/memory")


async def export(visit: Visit) -> Response:
    """Where all that is kept of oneself is had."""
    return await visit.page(ui_settings.EXPORT, ui_settings.ExportPage(frame=visit.frame()))


async def download(visit: Visit) -> Response:
    """All that is kept of oneself, as one archive; who took it stands in the log."""
    with ExitStack() as unless_whole:
        file = unless_whole.enter_context(tempfile.NamedTemporaryFile(prefix="daimon-export-", delete=False))
        path = Path(file.name)
        unless_whole.callback(path.unlink)
        await archive(visit.gate.bus, visit.caller(), cast("BinaryIO", file))
        file.close()
        await record(visit.gate, visit.user, accounts.Exported())
        unless_whole.pop_all()
    name = f"daimon-{datetime.now(UTC):%Y-%m-%d}.zip"
    return FileResponse(path, media_type="application/zip", filename=name, background=BackgroundTask(path.unlink))


async def _page(visit: Visit, failure: Failure | None = None, kind: str = "", days: str = "") -> Response:
    frame = visit.frame(path="/settings/memory", notice=failure.message if failure else "")
    last = await visit.gate.bus.journal.last(events.of_noun("recording", visit.user))
    paused = last is not None and last.event.kind == forgetting.Paused.kind
    view = ui_settings.MemoryPage(frame=frame, paused=paused, kind=kind, days=days)
    try:
        progress, kinds = await asyncio.gather(
            visit.call(memory.PROGRESS, Nothing()), visit.call(retention.LIST, Nothing())
        )
        view = replace(view, progress=progress, kinds=kinds.kinds)
    except Failure as away:
        view = replace(view, problem=away.message)
    return await visit.page(ui_settings.MEMORY, view, status=failure.code if failure else 200)


def _days(text: str) -> int:
    if not text:
        return 0
    if not (text.isdecimal() and len(text) <= DAYS_DIGITS and int(text) <= retention.MOST):
        raise Invalid(f"The days are a number up to {retention.MOST}, or nothing for ever.")
    return int(text)


ROUTES = (
    opened("/settings/memory", kept),
    posted("/settings/memory/recording", record_or_not),
    posted("/settings/memory/days", retain),
    opened("/settings/export", export),
    posted("/settings/export", download, least="guest"),
)
