"""docs/contract.md: the contract for people who write a program that joins."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from daimon.contract.listing import ACTIONS, CALLS, EVENTS, FEEDS
from proto.base import Action
from proto.events import SUBJECT
from proto.permissions import SERVICES, of

_HEAD = """# The contract

Generated from `proto/` by `daimon contract`; do not edit. Every message is JSON. `{user}` and `{actor}` stand for
encoded names: letters, digits, `_` and `-` as they are, every other byte as `=` and two hexadecimal digits.

Requests may carry the headers `Daimon-Conversation`, `Daimon-Cause`, `Daimon-Key` (names encoded in the same way),
`Daimon-Timeout-Ms` and `traceparent`. Failures come with the headers `Nats-Service-Error` (a sentence) and
`Nats-Service-Error-Code`: 400 not of the form, 403 not allowed, 404 not there, 409 several match, 412 changed
meanwhile, 413 too large, 423 busy, 503 a part is not running, 504 no answer in time.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join((_HEAD, *_actions(), *_calls(), *_events(), *_feeds(), *_rights()))


def _actions() -> Iterable[str]:
    yield "## Actions: the menu\n"
    for action in ACTIONS:
        yield f"### `{action.name}`\n"
        yield f"{_sentence(action.request)} Risk: {action.risk}."
        yield f"Subject `{action.subject}`, replies `{action.reply.__name__}`.\n"
        yield from _fields(action.request)
        if action.phrasings:
            yield f"Said as: {'; '.join(f'“{phrase}”' for phrase in action.phrasings)}.\n"


def _calls() -> Iterable[str]:
    yield "## Other calls\n"
    yield "| call | what | subject |"
    yield "|---|---|---|"
    for call in CALLS:
        if not isinstance(call, Action):
            yield f"| `{call.name}` | {_sentence(call.request)} | `{call.subject}` |"
    yield ""


def _events() -> Iterable[str]:
    yield "## Events\n"
    yield f"Published on `{SUBJECT}`, where the last word is `-` outside of conversations.\n"
    yield "| kind | what | data |"
    yield "|---|---|---|"
    for kind in EVENTS:
        fields = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(kind))
        yield f"| `{kind.kind}` | {_sentence(kind)} | {fields} |"
    yield ""


def _feeds() -> Iterable[str]:
    yield "## Feeds\n"
    for feed in FEEDS:
        yield f"`{feed.subject}`, kept in the stream `{feed.stream}`. Items, by their `type`:\n"
        for item in feed.items:
            yield f"- `{item.__struct_config__.tag}`: {_sentence(item)}"
        yield ""


def _rights() -> Iterable[str]:
    yield "## Rights on the bus\n"
    yield "What the broker lets each service do, and nothing else.\n"
    for name in SERVICES:
        allowed = of(name)
        yield f"- **{name}** publishes {_subjects(allowed.publish)}; subscribes to {_subjects(allowed.subscribe)}."
    yield ""


def _fields(kind: type[msgspec.Struct]) -> Iterable[str]:
    schema = msgspec.json.schema(kind)["$defs"][kind.__name__]
    for name, field in schema.get("properties", {}).items():
        need = "required" if name in schema.get("required", ()) else f"default `{field.get('default')}`"
        yield f"- `{name}` ({need}): {field.get('description', field.get('type', ''))}"
    yield ""


def _sentence(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split())


def _subjects(subjects: Iterable[str]) -> str:
    return ", ".join(f"`{subject}`" for subject in subjects) or "nothing"
