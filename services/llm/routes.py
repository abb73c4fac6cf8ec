"""The routing table of the llm service."""

from __future__ import annotations

from proto import chat, llm, seen, titles, versions
from services.llm.conversations.revising import Revising
from services.llm.conversations.seeing import Seeing
from services.llm.conversations.titling import Titling
from services.llm.handlers import Handlers
from services.runtime.bus import Routes


def routes(handlers: Handlers, revising: Revising, seeing: Seeing, titling: Titling) -> Routes:
    """The calls about conversations and models, with what answers them."""
    return {
        chat.SEND: handlers.send,
        chat.STOP: handlers.stop,
        chat.READ: handlers.read,
        versions.REVISE: revising.revise,
        versions.SELECT: revising.select,
        seen.SEE: seeing.see,
        seen.UNFOLD: seeing.unfold,
        titles.RENAME: titling.rename,
        titles.EXPORT: titling.export,
        titles.PIECE: titling.piece,
        llm.EMBED: handlers.embed,
        llm.MENU: handlers.menu,
        llm.KNOWN_MENU: handlers.known_menu,
        llm.ENGINE: handlers.engine,
        llm.MODELS: handlers.models,
        llm.ACT: handlers.act,
    }
