"""docs/asyncapi.json: the contract as an AsyncAPI 3 document, its JSON Schemas included."""

from __future__ import annotations

import re
from typing import Any

import msgspec

import daimon
from daimon.contract.listing import CALLS, EVENTS, FEEDS, AnyCall
from proto.events import SUBJECT, Event, Happening

Document = dict[str, Any]
_SCHEMAS = "#/components/schemas/{name}"


def document() -> Document:
    """Return the document as plain values."""
    channels: Document = {}
    operations: Document = {}
    for call in CALLS:
        channels[call.name] = _channel(call.subject, {"request": call.request, "reply": call.reply})
        operations[call.name] = _operation(call)
    for kind in EVENTS:
        channels[kind.kind] = _event_channel(kind)
        operations[kind.kind] = {"action": "send", "channel": _ref("channels", kind.kind)}
    for feed in FEEDS:
        name = feed.stream.lower()
        channels[name] = _channel(feed.subject, {_tag(item): item for item in feed.items})
        operations[name] = {"action": "send", "channel": _ref("channels", name)}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Daimon", "version": daimon.__version__, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"schemas": _schemas()},
    }


def _schemas() -> Document:
    kinds = [kind for call in CALLS for kind in (call.request, call.reply)]
    kinds += [Event, *EVENTS, *(item for feed in FEEDS for item in feed.items)]
    _, components = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS)
    return dict(sorted(components.items()))


def _channel(subject: str, messages: dict[str, type]) -> Document:
    names = re.findall(r"{(\w+)}", subject)
    return {
        "address": subject,
        "parameters": {name: {"description": f"The {name}, encoded as one token."} for name in names},
        "messages": {name: {"payload": _schema(kind)} for name, kind in messages.items()},
    }


def _event_channel(kind: type[Happening]) -> Document:
    channel = _channel(SUBJECT.replace("{kind}", kind.kind), {"event": Event})
    channel["messages"]["event"]["description"] = f"`data` is {kind.__name__}: {(kind.__doc__ or '').strip()}"
    return channel


def _operation(call: AnyCall) -> Document:
    return {
        "action": "receive",
        "channel": _ref("channels", call.name),
        "messages": [_message(call.name, "request")],
        "reply": {"messages": [_message(call.name, "reply")], "channel": _ref("channels", call.name)},
    }


def _message(channel: str, name: str) -> Document:
    return {"$ref": f"#/channels/{_escaped(channel)}/messages/{name}"}


def _ref(section: str, name: str) -> Document:
    return {"$ref": f"#/{section}/{_escaped(name)}"}


def _escaped(names: str) -> str:
    return names.replace("~", "~0").replace("/", "~1")


def _schema(kind: type) -> Document:
    return {"$ref": _SCHEMAS.format(name=kind.__name__)}


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)
