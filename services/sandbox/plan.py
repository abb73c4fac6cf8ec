"""How the boxes of this machine are made, whatever holds them."""

from __future__ import annotations

import msgspec

from services.sandbox.limits import Limits
from services.sandbox.reach import Reach

IMAGE = "python:3.11-slim"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What all boxes have in common."""

    limits: Limits = Limits()
    reach: Reach = Reach()
    """What the network of a new box may be used for."""
    bwrap: str = ""
    """A bwrap by path or by name on PATH; '' is the packaged one, or else the one on PATH."""
    python: str = ""
    """The Python that runs the agent; '' is the system's, or else the service's own."""
    image: str = IMAGE
    """The image that containers are made of."""
    runtime: str = ""
    """The engine's runtime, such as runsc; '' is its default one."""
    warm: int = 0
    """Containers kept ready for boxes to come."""
