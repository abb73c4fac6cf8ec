"""Pages that explain: what the model saw."""

from __future__ import annotations

import msgspec

from proto.inspection import SeenPage
from proto.ui import Html
from services.ui.templating import page as render


def seen(view: SeenPage) -> Html:
    """One step of a turn, with the actions that were offered and their schemas."""
    tools = [(tool, msgspec.json.format(bytes(tool.schema), indent=2).decode()) for tool in view.seen.tools]
    return render("seen.html", frame=view.frame, view=view, seen=view.seen, tools=tools)
