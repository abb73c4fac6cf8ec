"""Actions that a person tries: checked by the menu and the rules here, run by the person's own client."""

from __future__ import annotations

import msgspec

from proto import errors, trying
from proto.base import Caller, new_id
from proto.chat import ToolUse
from proto.trying import Check, Checked
from services.llm.menu.catalogue import subject
from services.llm.menu.tools import Tools
from services.runtime.bus import Routes


class Trying:
    """The broker lets nobody but a person's own clients ask."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def routes(self) -> Routes:
        """The call with what answers it."""
        return {trying.CHECK: self.check}

    async def check(self, request: Check, caller: Caller) -> Checked:
        """Say where to send the call and what is to be asked first; raises what is wrong with it."""
        try:
            msgspec.json.decode(request.arguments, type=dict[str, object])
        except msgspec.DecodeError as error:
            raise errors.Invalid(f"The arguments are not an object in JSON: {error}") from error
        tool = ToolUse(call=new_id(), action=request.action, arguments=bytes(request.arguments).decode())
        item = await self._tools.checked(tool)
        return Checked(subject=subject(item, caller), asks=await self._tools.gate.asks_first(item, caller.user))
