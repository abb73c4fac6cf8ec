"""Views of the pages of what runs and what it can do, and the calls that turn them into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.approvals import ActionRule, Question
from proto.base import Call
from proto.llm import MenuItem
from proto.ui import Frame, Html


class ActionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The live menu of actions."""

    frame: Frame
    actions: tuple[MenuItem, ...] = ()
    rules: tuple[ActionRule, ...] = ()
    """What happens when the model calls each."""
    waiting: tuple[Question, ...] = ()
    """What needs the user's word."""
    problem: str = ""


ACTIONS = Call("daimon.svc.ui.actions", ActionsPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (ACTIONS,)
