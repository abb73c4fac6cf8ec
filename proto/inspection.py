"""Views that explain: what the model saw."""

from __future__ import annotations

import msgspec

from proto.base import Call
from proto.seen import Seen
from proto.ui import Frame, Html


class SeenPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the model was sent in one step of a turn."""

    frame: Frame
    conversation: str
    seen: Seen


SEEN = Call("daimon.svc.ui.seen", SeenPage, Html)
CALLS = (SEEN,)
