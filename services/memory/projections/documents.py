"""Documents as the log says: handed in, read, deleted."""

from __future__ import annotations

from collections.abc import Sequence

from proto.documents import DocumentDeleted, DocumentRead, DocumentUploaded
from services.memory.entries import Entry
from services.memory.store import Session

KINDS = (DocumentUploaded, DocumentRead, DocumentDeleted)


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Write what these events say of documents."""
    for entry in entries:
        match entry.happening:
            case DocumentUploaded() as file:
                await _uploaded(session, entry, file)
            case DocumentRead() as outcome:
                state = "ready" if outcome.passages else "failed"
                told = {"state": state, "problem": outcome.problem, "passages": outcome.passages}
                await session.run("document_was_read", user=entry.user, document=outcome.document, **told)
            case DocumentDeleted(document=document):
                await session.run("drop_document", user=entry.user, document=document)
                await session.run("drop_passages", user=entry.user, document=document)


async def _uploaded(session: Session, entry: Entry, file: DocumentUploaded) -> None:
    await session.run(
        "save_documents",
        user=entry.user,
        document=file.document,
        name=file.name,
        size=file.size,
        sha256=file.sha256,
        media_type=file.media_type,
        uploaded=entry.time,
    )
