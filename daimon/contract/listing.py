"""What the contract has: every call, event and feed; the calls are those that a service serves."""

from __future__ import annotations

from typing import Any

from proto.base import Action
from proto.kinds import KINDS
from proto.roles import ROLES, AnyCall
from proto.streams import FEEDS

CALLS: tuple[AnyCall, ...] = tuple(call for role in ROLES.values() for call in role.serves)
ACTIONS: tuple[Action[Any, Any], ...] = tuple(call for call in CALLS if isinstance(call, Action))
EVENTS = tuple(KINDS.values())
__all__ = ["ACTIONS", "CALLS", "EVENTS", "FEEDS", "AnyCall"]
