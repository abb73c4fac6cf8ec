"""The one-time link that `up` prints when everything is ready."""

from __future__ import annotations

from daimon.connection import OWNER, connect
from daimon.up.home import Home
from proto import accounts


async def invite(home: Home) -> str:
    """Return the address at which the owner's browser is let in, once."""
    async with connect(home.path, OWNER) as daimon:
        link = await daimon.call(accounts.INVITE, accounts.Invite(user=OWNER))
        return f"{daimon.gateway}{link.path}"
