"""The rights of every service on the bus, derived from what it serves, calls, emits and reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from proto import chat, documents, events, jobs, seen
from proto.base import Action, Call, token
from proto.roles import ROLES, Role
from proto.streams import CONSUMERS, EVENTS, FEEDS, PARTS, PRINTS, SENT, STREAMS

AnyCall = Call[Any, Any]


class Permissions(msgspec.Struct, frozen=True, kw_only=True):
    """What a NATS user may publish to and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


INBOX = "_INBOX"
"""Where replies go, and nothing else: whoever serves may publish there and nowhere a requester chooses."""
SETUP = "setup"
"""The one that makes the streams, saves them and takes them back, and may do nothing else."""
SERVICES = (*ROLES, SETUP)


def of(service: str) -> Permissions:
    """The rights of one of Daimon's own users on the bus."""
    if service == SETUP:
        return Permissions(publish=tuple(_setup()), subscribe=(_inbox(SETUP),))
    role = ROLES[service]
    return Permissions(
        publish=tuple(
            sorted({*_calling(service, role), *_writing(role), *_reading(role), *(_erasing() if role.erases else ())})
        ),
        subscribe=tuple(sorted({_inbox(service), *_serving(role), *_following(role)})),
    )


def program(name: str, user: str, serves: str = "", *, reads_only: bool = False) -> Permissions:
    """The rights of another program: to follow a user's events, to act for that user, to serve actions.

    One that only reads, as a guest's does, may call what changes nothing.
    """
    account, noun = token(user), token(serves)
    subscribe = [_inbox(name), f"daimon.event.{account}.>", f"daimon.part.{account}.>", f"daimon.output.{account}.>"]
    acts = f"daimon.do.{account}.plugin-{token(name)}"
    publish = (
        [*(f"{acts}.{call.name}" for call in _reading_calls()), "$SRV.>"] if reads_only else [f"{acts}.>", "$SRV.>"]
    )
    if serves:
        subscribe += [f"daimon.do.*.*.{noun}.>", "$SRV.>"]
        publish.append(f"{INBOX}.>")
    return Permissions(publish=tuple(publish), subscribe=tuple(subscribe))


def _reading_calls() -> Iterable[AnyCall]:
    yield chat.READ
    for role in ROLES.values():
        yield from (call for call in role.serves if isinstance(call, Action) and call.risk == "read")


def acts_for(publish: Iterable[str], user: str) -> bool:
    """Whether these rights let a program act for a user."""
    return any(subject.startswith(f"daimon.do.{token(user)}.") for subject in publish)


def inbox_prefix(user: str) -> str:
    """Where replies for a NATS user arrive; nobody else may listen there."""
    return f"{INBOX}.{token(user)}"


def _inbox(user: str) -> str:
    return f"{inbox_prefix(user)}.>"


def _serving(role: Role) -> Iterable[str]:
    if role.serves:
        yield "$SRV.>"
    for call in role.serves:
        yield call.pattern


def _calling(service: str, role: Role) -> Iterable[str]:
    for call in role.calls:
        yield call.pattern
    for call in role.does:
        yield call.subject.format(user="*", actor=token(service))
    for actor in role.acts_as:
        yield f"daimon.do.*.{actor}.>"
    if role.discovers:
        yield "$SRV.>"


def _writing(role: Role) -> Iterable[str]:
    if role.serves:
        yield f"{INBOX}.>"
    for noun in role.emits:
        yield events.of_noun(noun)
    if role.writes_parts:
        yield from (chat.PARTS.under(), seen.SENT.under())
    if role.writes_prints:
        yield jobs.PRINTS.under()
    for bucket in role.buckets:
        yield f"$KV.{bucket}.>"
    if role.writes_files:
        yield f"$O.{documents.FILES}.>"


def _reading(role: Role) -> Iterable[str]:
    if role.reads_log:
        yield from _direct(EVENTS.name)
    if role.reads_parts:
        yield from _direct(PARTS.name)
    if role.reads_prints:
        yield from _direct(PRINTS.name)
    if role.writes_parts:
        yield from _direct(SENT.name)
    if role.reads_files or role.writes_files:
        yield from _direct(f"OBJ_{documents.FILES}")
    for consumer in role.inspects:
        yield f"$JS.API.CONSUMER.INFO.{EVENTS.name}.{consumer.durable_name}"
    for consumer in role.works:
        yield f"$JS.API.CONSUMER.MSG.NEXT.{EVENTS.name}.{consumer.durable_name}"
        yield f"$JS.ACK.{EVENTS.name}.{consumer.durable_name}.>"
    for bucket in role.buckets:
        stream = f"KV_{bucket}"
        yield from _direct(stream)
        yield f"$JS.API.STREAM.INFO.{stream}"
        yield f"$JS.API.CONSUMER.*.{stream}.>"
        yield f"$JS.API.CONSUMER.CREATE.{stream}"
        yield f"$JS.ACK.{stream}.>"
        yield f"$JS.FC.{stream}.>"


def _erasing() -> Iterable[str]:
    for stream in (EVENTS.name, f"OBJ_{documents.FILES}", *(feed.stream for feed in FEEDS)):
        yield f"$JS.API.STREAM.MSG.DELETE.{stream}"
        yield from _direct(stream)


def _direct(stream: str) -> Iterable[str]:
    yield f"$JS.API.DIRECT.GET.{stream}"
    yield f"$JS.API.DIRECT.GET.{stream}.>"


def _following(role: Role) -> Iterable[str]:
    yield from map(events.heard, role.follows)
    if role.reads_parts:
        yield chat.PARTS.under()
    if role.reads_prints:
        yield jobs.PRINTS.under()


def _setup() -> Iterable[str]:
    for stream in STREAMS:
        yield f"$JS.API.STREAM.CREATE.{stream.name}"
        yield f"$JS.API.STREAM.UPDATE.{stream.name}"
        yield f"$JS.API.STREAM.SNAPSHOT.{stream.name}"
        yield f"$JS.SNAPSHOT.ACK.{stream.name}.>"
        yield f"$JS.API.STREAM.RESTORE.{stream.name}"
        yield f"$JS.SNAPSHOT.RESTORE.{stream.name}.>"
    for consumer in CONSUMERS:
        yield f"$JS.API.CONSUMER.CREATE.{EVENTS.name}.{consumer.durable_name}"
        yield f"$JS.API.CONSUMER.CREATE.{EVENTS.name}.{consumer.durable_name}.>"
