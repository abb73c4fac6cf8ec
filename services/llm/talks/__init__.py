"""Conversations of other programs: what their files say, in one form."""

from services.llm.talks.reading import Unreadable, read
from services.llm.talks.turns import Talk, Turn

__all__ = ["Talk", "Turn", "Unreadable", "read"]
