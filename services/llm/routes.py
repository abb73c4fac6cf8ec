"""The routing table of the llm service."""

from __future__ import annotations

from proto import chat, llm, versions
from services.llm.handlers import Handlers
from services.llm.revising import Revising
from services.runtime.bus import Routes


def routes(handlers: Handlers, revising: Revising) -> Routes:
    """Every call this service answers, with what answers it."""
    return {
        chat.SEND: handlers.send,
        chat.STOP: handlers.stop,
        chat.READ: handlers.read,
        versions.REVISE: revising.revise,
        versions.SELECT: revising.select,
        llm.EMBED: handlers.embed,
        llm.MENU: handlers.menu,
        llm.ENGINE: handlers.engine,
        llm.MODELS: handlers.models,
    }
