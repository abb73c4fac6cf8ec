"""The link that `up` prints when everything is ready."""

from __future__ import annotations

from daimon.up import state
from daimon.up.home import Home


async def invite(home: Home) -> str:
    """Return the address at which a browser is let in."""
    found = state.read(home)
    return f"{found.address}/" if found else ""
