"""Projections: what the log says now, one noun a file; each can be built again from the log."""

from proto.events import Happening
from services.memory.projections import (
    changes,
    commands,
    conversations,
    documents,
    events,
    languages,
    messages,
    outcomes,
    tasks,
)
from services.memory.projections.projection import Projection

BY_NAME = {
    "tasks": Projection(tasks.TOUCHING, tasks.project),
    "conversations": Projection(conversations.KINDS, conversations.project),
    "messages": Projection(messages.KINDS, messages.project),
    "commands": Projection(commands.KINDS, commands.project),
    "documents": Projection(documents.KINDS, documents.project),
    "languages": Projection(languages.KINDS, languages.project),
    "changes": Projection((Happening,), changes.project),
    # Ratings look for the answers that they are about.
    "outcomes": Projection(outcomes.KINDS, outcomes.project),
}
ALL = tuple(BY_NAME.values())
"""Everything that follows from newly written events, in the same transaction."""

__all__ = ["ALL", "BY_NAME", "events"]
