"""What the contract has: every call, event and feed, found in its modules once."""

from __future__ import annotations

from typing import Any

from proto import (
    accounts,
    actions,
    approvals,
    board,
    boxes,
    chat,
    choices,
    documents,
    forgetting,
    insight,
    jobs,
    keeping,
    keys,
    llm,
    marks,
    memory,
    models,
    own,
    pages,
    retention,
    sandbox,
    seen,
    sorting,
    suggestions,
    tasks,
    timeline,
    titles,
    trying,
    undo,
    versions,
)
from proto.base import Action, Call
from proto.kinds import KINDS
from proto.streams import FEEDS

AnyCall = Call[Any, Any]

CALLS: tuple[AnyCall, ...] = (
    *tasks.ACTIONS,
    *sorting.ACTIONS,
    *undo.ACTIONS,
    *sandbox.ACTIONS,
    *sandbox.CALLS,
    *jobs.ACTIONS,
    *jobs.CALLS,
    *boxes.ACTIONS,
    *boxes.CALLS,
    *memory.ACTIONS,
    *documents.ACTIONS,
    *own.ACTIONS,
    *tasks.CALLS,
    *undo.CALLS,
    *board.CALLS,
    *sorting.CALLS,
    *chat.CALLS,
    *versions.CALLS,
    *seen.CALLS,
    *titles.CALLS,
    *marks.CALLS,
    *actions.CALLS,
    *memory.CALLS,
    *insight.CALLS,
    *timeline.CALLS,
    *documents.CALLS,
    *keeping.CALLS,
    *forgetting.CALLS,
    *forgetting.PARTS,
    *llm.CALLS,
    *approvals.CALLS,
    *choices.CALLS,
    *models.CALLS,
    *retention.CALLS,
    *suggestions.CALLS,
    *trying.CALLS,
    *accounts.CALLS,
    *keys.CALLS,
    *pages.CALLS,
)
ACTIONS: tuple[Action[Any, Any], ...] = tuple(call for call in CALLS if isinstance(call, Action))
EVENTS = tuple(KINDS.values())
__all__ = ["ACTIONS", "CALLS", "EVENTS", "FEEDS"]
