"""Every page and fragment there is: the calls that turn views into HTML."""

from __future__ import annotations

from typing import Any

from proto import (
    inspection,
    ui,
    ui_accounts,
    ui_box,
    ui_go,
    ui_memory,
    ui_mind,
    ui_settings,
    ui_tasks,
    ui_timeline,
    ui_undo,
)
from proto.base import Call

CALLS: tuple[Call[Any, Any], ...] = (
    *ui.CALLS,
    *ui_accounts.CALLS,
    *ui_box.CALLS,
    *ui_memory.CALLS,
    *ui_mind.CALLS,
    *ui_undo.CALLS,
    *ui_settings.CALLS,
    *ui_go.CALLS,
    *ui_tasks.CALLS,
    *ui_timeline.CALLS,
    *inspection.CALLS,
)
