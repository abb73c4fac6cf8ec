"""Every route there is, from the tables of those who answer."""

from __future__ import annotations

from services.gateway import (
    accounts,
    box_forms,
    box_pages,
    consent,
    conversations,
    forms,
    mcp,
    memory_pages,
    mind_pages,
    monitoring,
    openai,
    openapi,
    pages,
    rest,
    settings_pages,
    stream,
    task_pages,
    undo_pages,
    uploads,
)

ROUTES = (
    *accounts.ROUTES,
    *pages.ROUTES,
    *memory_pages.ROUTES,
    *mind_pages.ROUTES,
    *forms.ROUTES,
    *task_pages.ROUTES,
    *undo_pages.ROUTES,
    *conversations.ROUTES,
    *box_pages.ROUTES,
    *box_forms.ROUTES,
    *consent.ROUTES,
    *settings_pages.ROUTES,
    *rest.ROUTES,
    *openai.ROUTES,
    *uploads.ROUTES,
    *mcp.ROUTES,
    *openapi.ROUTES,
    *monitoring.ROUTES,
    *stream.ROUTES,
)
