"""Which language each user's words are in, as their profile says."""

from __future__ import annotations

from collections.abc import Sequence

from proto.accounts import ProfileChanged
from services.memory.entries import Entry
from services.memory.languages import config_of
from services.memory.store import Session

KINDS = (ProfileChanged,)


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Write what these events say of languages."""
    for entry in entries:
        match entry.happening:
            case ProfileChanged(profile=profile):
                config = config_of(profile.language)
                await session.run("speak", user=entry.user, config=config, sequence=entry.sequence)
