"""Single actions for models that are not ours, as an MCP client's: by the same rules as in a turn, without one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import msgspec

from proto import errors, llm
from proto.base import Caller, new_id
from proto.chat import ToolUse
from services.llm.menu.tools import Tools


async def act(tools: Tools, request: llm.Act, caller: Caller) -> llm.Acted:
    """Run an action in a model's name; a failure is a result too, in words that a model can act on."""
    if caller.actor != "user":
        raise errors.Refused("Only a user's own program may have actions run in a model's name.")
    try:
        msgspec.json.decode(request.arguments, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise errors.Invalid(f"The arguments are not an object in JSON: {error}") from error
    tool = ToolUse(call=f"{new_id()}/1/0", action=request.action, arguments=bytes(request.arguments).decode())
    # What the model has read is its client's to watch; what reaches outside asks here too.
    done = await tools.run(tool, msgspec.structs.replace(caller, actor="model", conversation=""), (), Unheard())
    return llm.Acted(ok=bool(done.ok), result=done.result)


class Unheard:
    """Where a turn would be told; nobody reads along here, so whoever must answer finds the question in the lists."""

    async def asking(self, tool: ToolUse) -> None:
        """Nobody to tell."""

    async def calling(self, tool: ToolUse) -> None:
        """Nobody to tell."""

    def unhurried(self) -> AbstractContextManager[None]:
        """No turn whose time could count."""
        return nullcontext()
