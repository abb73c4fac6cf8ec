"""Whether an action may run as a person asks by a form: checked as a model's call is, and held by the same rules."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from proto.base import Call


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Check one call of an action; nothing is run."""

    action: Annotated[str, Meta(min_length=1, max_length=200)]
    arguments: msgspec.Raw
    """JSON."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The call is in order."""

    subject: str
    """Where the person's own client sends it."""
    asks: str = ""
    """Why the person must say first that they are sure; empty when nothing is to be asked."""


CHECK = Call("daimon.own.{user}.actions.check", Check, Checked)
CALLS = (CHECK,)
