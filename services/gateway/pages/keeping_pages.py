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

from proto import accounts, documents, embedding, events, forgetting, imports, insight, retention, ui_settings
from proto.base import Nothing
from proto.errors import Failure, Invalid
from services.gateway.accounts.administration import record
from services.gateway.multipart import Multipart
from services.gateway.pages.choice_pages import checked
from services.gateway.visit import Visit, opened, posted, see_other
from services.runtime.archive import archive

DAYS_DIGITS = 5
IMPORT_SECONDS = 600.0
ENGINE_SECONDS = 60.0
"""A model may have to be loaded first."""


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
    """Where all that is kept of oneself is had, and what others wrote comes in."""
    return await _export(visit)


async def bring(visit: Visit) -> Response:
    """Import the conversations of a file; the file itself is not kept."""
    kind = visit.request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise Invalid("Choose a file first.")
    form = Multipart(aiter(visit.request.stream()), kind)
    try:
        await form.find()
        files = visit.gate.bus.objects(documents.FILES)
        kept = await files.put(visit.user, form.pieces(), limit=imports.FILE_LIMIT)
        try:
            wanted = imports.ImportFile(file=kept.sha256, name=form.name[:500])
            imported = await visit.call(imports.IMPORT, wanted, timeout=IMPORT_SECONDS)
        finally:
            if not kept.known:
                await files.let_go(visit.user, kept.sha256)
    except Failure as failure:
        return await _export(visit, failure=failure)
    return await _export(visit, imported)


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


async def _export(visit: Visit, imported: imports.Imported | None = None, failure: Failure | None = None) -> Response:
    frame = visit.frame(path="/settings/export", notice=failure.message if failure else "")
    view = ui_settings.ExportPage(frame=frame, imported=imported)
    return await visit.page(ui_settings.EXPORT, view, status=failure.code if failure else 200)


async def embed_by(visit: Visit) -> Response:
    """Have the vectors made by another engine; what there is serves until it is through."""
    engine = (await visit.form()).get("engine", "").strip()
    try:
        wanted = checked(embedding.EmbedBy(engine=engine))
        await visit.call(embedding.EMBED_BY, wanted, timeout=ENGINE_SECONDS)
    except Failure as failure:
        return await _page(visit, failure, engine=engine)
    return see_other("/settings/memory")


async def _page(
    visit: Visit, failure: Failure | None = None, kind: str = "", days: str = "", engine: str = ""
) -> Response:
    frame = visit.frame(path="/settings/memory", notice=failure.message if failure else "")
    last = await visit.gate.bus.journal.last(events.of_noun("recording", visit.user))
    paused = last is not None and last.event.kind == forgetting.Paused.kind
    view = ui_settings.MemoryPage(frame=frame, paused=paused, kind=kind, days=days, engine=engine)
    try:
        standing, kinds = await asyncio.gather(
            visit.call(insight.STANDING, Nothing()), visit.call(retention.LIST, Nothing())
        )
        view = replace(view, standing=standing, kinds=kinds.kinds)
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
    posted("/settings/memory/engine", embed_by, least="owner"),
    opened("/settings/export", export),
    posted("/settings/import", bring),
    posted("/settings/export", download, least="guest"),
)
