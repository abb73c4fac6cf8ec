"""The routing table: every view the ui service turns into HTML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from proto import inspection as views
from proto import ui, ui_accounts, ui_box, ui_go, ui_memory, ui_mind, ui_settings, ui_tasks, ui_timeline, ui_undo
from proto.assets import Assets
from proto.base import Call, Caller, Nothing
from services.ui import assets, templating
from services.ui.cards import Cards
from services.ui.pages import (
    actions,
    box,
    chat,
    choices,
    entrance,
    go,
    inspection,
    keeping,
    live,
    memory,
    mind,
    problem,
    tasks,
    timeline,
    undo,
)
from services.ui.pages import settings as settings_pages
from services.ui.settings import UiSettings

Handler = Callable[[Any, Caller], Awaitable[msgspec.Struct]]
Render = Callable[[Any], ui.Html]

_PAGES: dict[Call[Any, ui.Html], Render] = {
    ui_accounts.SIGN_IN: entrance.sign_in,
    ui_accounts.LINK: entrance.link,
    ui.CHAT: chat.page,
    ui.CONVERSATIONS: chat.conversations,
    ui_tasks.TASKS: tasks.page,
    ui_tasks.TASK: tasks.one,
    ui_memory.SEARCH: memory.search,
    ui_memory.SQL: memory.sql,
    ui_memory.DOCUMENTS: memory.listed,
    ui_memory.DOCUMENT: memory.document,
    ui_memory.PICTURE: memory.picture,
    ui_go.GO: go.page,
    ui_undo.UNDO: undo.page,
    ui_timeline.TIMELINE: timeline.page,
    ui_timeline.EVENT: timeline.event_page,
    ui_timeline.THEN: timeline.then_page,
    ui_mind.ACTIONS: actions.page,
    ui_mind.TRY: mind.attempt,
    ui_mind.MIND: mind.mind,
    ui_mind.RIGHTS: mind.rights,
    ui_mind.MODELS: mind.models,
    ui.PROBLEM: problem.page,
    ui_accounts.PROFILE: settings_pages.profile,
    ui_accounts.NOTICES: settings_pages.notices,
    ui_accounts.SESSIONS: settings_pages.sessions,
    ui_accounts.KEYS: settings_pages.keys,
    ui_accounts.USERS: settings_pages.users,
    ui_settings.APPROVALS: choices.approvals,
    ui_settings.INSTRUCTIONS: choices.instructions,
    ui_settings.MODELS: choices.models,
    ui_settings.FILTER: choices.content_filter,
    ui_settings.OPTIONS: choices.options,
    ui_settings.MEMORY: keeping.memory,
    ui_settings.EXPORT: keeping.export,
    ui_settings.SUGGESTIONS: choices.suggestions,
    ui_settings.BACKUP: keeping.backup,
    ui_box.BOX: box.page,
    ui_box.FILE: box.file,
    ui_box.JOB: box.job,
    views.SEEN: inspection.seen,
    ui.LIVE: live.fragments,
}


def routes(settings: UiSettings) -> dict[Call[Any, Any], Handler]:
    """The calls this service answers, with what answers them."""
    answers: dict[Call[Any, Any], Handler] = {call: _answer(render) for call, render in pages(settings).items()}
    return answers | {ui.PIECE: _piece, ui.ASSETS: _assets}


def pages(settings: UiSettings) -> dict[Call[Any, ui.Html], Render]:
    """Every view, with what renders it."""
    templating.allow(card=Cards(settings.display_limit).card)
    return _PAGES


def _answer(render: Render) -> Handler:
    async def answer(view: Any, _: Caller) -> ui.Html:
        return render(view)

    return answer


async def _piece(_: Nothing, __: Caller) -> ui.Piece:
    return live.piece()


async def _assets(_: Nothing, __: Caller) -> Assets:
    return assets.assets()
