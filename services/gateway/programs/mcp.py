"""The MCP server: the live menu of actions for other people's models, over streamable HTTP without sessions.

Each request is answered by itself with JSON; there is nothing to stream and nothing to keep between two of them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal

import msgspec
from fastapi import Response

from proto import llm
from proto.base import Nothing
from proto.errors import Failure
from proto.llm import MenuItem
from services.gateway.accounts.access import Who
from services.gateway.visit import Route, Visit

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26")
"""Revisions of the protocol that we speak, newest first."""
VERSION_HEADER = "mcp-protocol-version"
ACT_SECONDS = 630.0
"""Longer than any action, and than a person who is asked first, may take."""
PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
INSTRUCTIONS = (
    "Daimon is a local assistant; its tools act in its owner's program: tasks, memory of everything that happened, and "
    "a Linux box. A tool that changes something may wait for a person to allow it."
)
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON-RPC request, or a notification, which has no id."""

    jsonrpc: Literal["2.0"]
    id: int | float | str | None = None
    method: str = ""
    """Empty in an answer, which we never asked for."""
    params: dict[str, Any] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of `tools/call`."""

    name: str
    arguments: dict[str, Any] = {}


class RpcError(Exception):
    """A request that cannot be answered, in the protocol's words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


async def post(visit: Visit) -> Response:
    """Answer one message."""
    version = visit.request.headers.get(VERSION_HEADER, "")
    if version and version not in VERSIONS:
        return _error(None, INVALID_REQUEST, f"The protocol's revisions here are {', '.join(VERSIONS)}.", 400)
    try:
        message = _read(await visit.body())
    except RpcError as error:
        return _error(None, error.code, str(error), 400)
    if message.id is None or not message.method:
        return Response(status_code=202)
    try:
        return _json({"jsonrpc": "2.0", "id": message.id, "result": await _result(visit, message)})
    except RpcError as error:
        return _error(message.id, error.code, str(error))
    except Failure as failure:
        return _error(message.id, INTERNAL, failure.message)


async def no_stream(_: Visit) -> Response:
    """There is no stream to listen to, and no session to end."""
    return Response(status_code=405, headers={"Allow": "POST"})


async def initialize(_: Visit, message: Message) -> dict[str, Any]:
    """Agree on the protocol and say who we are."""
    wanted = message.params.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "daimon", "title": "Daimon", "version": "0.1.0"},
        "instructions": INSTRUCTIONS,
    }


async def ping(_: Visit, __: Message) -> dict[str, Any]:
    """Say that we are there."""
    return {}


async def list_tools(visit: Visit, _: Message) -> dict[str, Any]:
    """The actions that run now, all in one page."""
    menu = await visit.call(llm.MENU, Nothing())
    return {"tools": [_tool(name, item) for name, item in names(menu.actions).items()]}


async def call_tool(visit: Visit, message: Message) -> dict[str, Any]:
    """Run an action; what goes wrong in it is a result that the model can read and act on."""
    try:
        asked = msgspec.convert(message.params, Asked)
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_PARAMS, f"{error}") from error
    known = names((await visit.call(llm.MENU, Nothing())).actions)
    item = known.get(asked.name) or next((one for one in known.values() if one.name == asked.name), None)
    if item is None:
        raise RpcError(INVALID_PARAMS, f"There is no tool '{asked.name[:100]}'; `tools/list` has those that there are.")
    request = llm.Act(action=item.name, arguments=msgspec.Raw(msgspec.json.encode(asked.arguments)))
    try:
        acted = await visit.call(llm.ACT, request, timeout=ACT_SECONDS)
    except Failure as failure:
        return _said(failure.message, ok=False)
    return _said(acted.result, ok=acted.ok)


METHODS: dict[str, Callable[[Visit, Message], Awaitable[dict[str, Any]]]] = {
    "initialize": initialize,
    "ping": ping,
    "tools/list": list_tools,
    "tools/call": call_tool,
}


def names(items: Iterable[MenuItem]) -> dict[str, MenuItem]:
    """The actions by names that every client takes (`tasks.add` → `tasks_add`); no two come out the same."""
    found: dict[str, MenuItem] = {}
    for item in items:
        name = _FOREIGN.sub("_", item.name)
        while name in found:
            name += "_"
        found[name] = item
    return found


async def _result(visit: Visit, message: Message) -> dict[str, Any]:
    method = METHODS.get(message.method)
    if method is None:
        raise RpcError(NO_METHOD, f"There is no method '{message.method[:100]}' here.")
    return await method(visit, message)


def _read(body: bytes) -> Message:
    try:
        return msgspec.json.decode(body, type=Message)
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_REQUEST, f"That is not one JSON-RPC 2.0 message: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RpcError(PARSE_ERROR, f"That is not JSON: {error}") from error


def _tool(name: str, item: MenuItem) -> dict[str, Any]:
    reads = item.risk == "read"
    return {
        "name": name,
        "title": item.name,
        "description": item.description,
        "inputSchema": {"type": "object", **msgspec.json.decode(item.schema, type=dict[str, Any])},
        "annotations": {
            "readOnlyHint": reads,
            "destructiveHint": not reads and not item.inverse,
            "openWorldHint": item.risk == "outside",
        },
    }


def _said(result: str, *, ok: bool) -> dict[str, Any]:
    """A result as text, and as what it is where it is an object."""
    said: dict[str, Any] = {"content": [{"type": "text", "text": result}], "isError": not ok}
    try:
        said["structuredContent"] = msgspec.json.decode(result, type=dict[str, Any])
    except msgspec.DecodeError:
        return said
    return said


def _error(id_: object, code: int, message: str, status: int = 200) -> Response:
    return _json({"jsonrpc": "2.0", "id": id_, "error": {"code": code, "message": message}}, status)


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


ROUTES = (
    Route(method="POST", path="/mcp", who=Who.PROGRAM, answer=post),
    Route(method="GET", path="/mcp", who=Who.PROGRAM, answer=no_stream),
    Route(method="DELETE", path="/mcp", who=Who.PROGRAM, answer=no_stream),
)
