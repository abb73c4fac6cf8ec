"""Projections: what the log says now, one noun a file; each can be built again from the log."""

from services.memory.projections import commands, conversations, events, messages, tasks

ALL = (tasks.project, conversations.project, messages.project, commands.project)
"""Everything that follows from newly written events, in the same transaction."""

__all__ = ["ALL", "commands", "conversations", "events", "messages", "tasks"]
