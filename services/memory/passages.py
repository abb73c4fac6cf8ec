"""Passages as SQL keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from services.memory.entries import REPLACEMENT, hash_of
from services.memory.reading.blocks import Passage
from services.memory.store import Session

BATCH = 500


async def save(session: Session, user: str, document: str, found: Sequence[Passage]) -> None:
    """Write the passages of a document."""
    texts = [_clean(one.text) for one in found]
    headings = [_clean(one.heading) for one in found]
    for start in range(0, len(found), BATCH):
        part = slice(start, start + BATCH)
        await session.run(
            "save_passages",
            user=user,
            document=document,
            place=list(range(len(found)))[part],
            heading=headings[part],
            page=[one.page for one in found[part]],
            line=[one.line for one in found[part]],
            last=[one.last for one in found[part]],
            text=texts[part],
            text_hash=[hash_of(f"{head}\n{text}") for head, text in zip(headings[part], texts[part], strict=True)],
        )


def _clean(text: str) -> str:
    return text.replace("\0", REPLACEMENT)
