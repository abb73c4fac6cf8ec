"""Projections: what the log says now, one noun a file; each can be built again from the log."""

from services.memory.projections import commands, conversations, documents, events, languages, messages, tasks

ALL = (tasks.project, conversations.project, messages.project, commands.project, documents.project, languages.project)
"""Everything that follows from newly written events, in the same transaction."""

__all__ = ["ALL", "commands", "conversations", "documents", "events", "languages", "messages", "tasks"]
