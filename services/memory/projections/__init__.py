"""Projections: what the log says now, one noun a file; each can be built again from the log."""

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

BY_NAME = {
    "tasks": tasks.project,
    "conversations": conversations.project,
    "messages": messages.project,
    "commands": commands.project,
    "documents": documents.project,
    "languages": languages.project,
    "changes": changes.project,
    # Ratings look for the answers that they are about.
    "outcomes": outcomes.project,
}
ALL = tuple(BY_NAME.values())
"""Everything that follows from newly written events, in the same transaction."""

__all__ = ["ALL", "BY_NAME", "events"]
