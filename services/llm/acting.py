"""Single actions for models that are not ours, as an MCP client's: by the same rules as in a turn, without one."""

from __future__ import annotations

import msgspec

from proto import errors, llm
from proto.base import Caller, new_id
from proto.chat import ToolUse
from services.llm.model import ToolCall
from services.llm.tools import Tools


async def act(tools: Tools, request: llm.Act, caller: Caller) -> llm.Acted:
    """Run an action in a model's name; a failure is a result too, in words that a model can act on."""
    if caller.actor != "user":
        raise errors.Refused("Only a user's own program may have actions run in a model's name.")
    try:
        arguments = msgspec.json.decode(request.arguments, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise errors.Invalid(f"The arguments are not an object in JSON: {error}") from error
    id_ = new_id()
    tool = ToolUse(call=f"{id_}/1/0", action=request.action, arguments=bytes(request.arguments).decode())
    call = ToolCall(id=id_, action=request.action, arguments=arguments)
    done = await tools.run(call, tool, msgspec.structs.replace(caller, actor="model"))
    return llm.Acted(ok=bool(done.ok), result=done.result)
