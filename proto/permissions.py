"""The rights of every service on the bus, derived from what it serves, calls, emits and reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from proto import (
    accounts,
    actions,
    approvals,
    board,
    boxes,
    chat,
    choices,
    documents,
    events,
    forgetting,
    jobs,
    keeping,
    keys,
    llm,
    marks,
    memory,
    models,
    own,
    pages,
    sandbox,
    seen,
    tasks,
    titles,
    undo,
    versions,
)
from proto.base import Action, Call, token
from proto.streams import CONSUMERS, EVENTS, FEEDS, MEMORY, PARTS, PRINTS, SENT, STREAMS, TITLES, TURNS, Consumer

AnyCall = Call[Any, Any]


class Permissions(msgspec.Struct, frozen=True, kw_only=True):
    """What a NATS user may publish to and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A service in the contract's words."""

    serves: tuple[AnyCall, ...] = ()
    calls: tuple[AnyCall, ...] = ()
    """Calls that it makes; with the actor it may name."""
    acts_as: tuple[str, ...] = ()
    """Actors in whose name it may call any action of any service."""
    emits: tuple[str, ...] = ()
    """Nouns of the events it may publish."""
    reads_log: bool = False
    erases: bool = False
    """Whether it may erase single places of the log, and the feeds of turns and jobs."""
    follows: tuple[str, ...] = ()
    works: tuple[Consumer, ...] = ()
    inspects: tuple[Consumer, ...] = ()
    """Consumers whose queue it may measure."""
    writes_parts: bool = False
    """Of turns; with what the model is sent in them, which it may read back."""
    reads_parts: bool = False
    writes_prints: bool = False
    reads_prints: bool = False
    buckets: tuple[str, ...] = ()
    reads_files: bool = False
    writes_files: bool = False
    discovers: bool = False


OWN: tuple[AnyCall, ...] = (*approvals.CALLS, *choices.CALLS, *models.CALLS)
"""What is a person's alone to ask: pages and the command line may, the model and other programs may not."""
_TALKS: tuple[AnyCall, ...] = (*chat.CALLS, *versions.CALLS, *seen.CALLS, *titles.CALLS, *marks.CALLS)
_FORGOT = events.of_kind(forgetting.Forgot.kind)
_LLM = (llm.MENU, llm.ENGINE, llm.MODELS, llm.EMBED, memory.PROGRESS)
_CLI: tuple[AnyCall, ...] = (*accounts.CALLS, *keys.CALLS, *keeping.CALLS, *_LLM)
ROLES: dict[str, Role] = {
    "gateway": Role(
        serves=(*accounts.CALLS, *keys.CALLS),
        calls=(*_LLM, *OWN, *pages.CALLS),
        acts_as=("user",),
        inspects=CONSUMERS,
        emits=("session", "page", "key", "account"),
        reads_log=True,
        follows=(events.ALL,),
        reads_parts=True,
        reads_prints=True,
        buckets=(accounts.SESSIONS, accounts.ACCOUNTS),
        reads_files=True,
        writes_files=True,
        discovers=True,
    ),
    "llm": Role(
        serves=(
            *chat.CALLS,
            *versions.CALLS,
            *seen.CALLS,
            *titles.CALLS,
            *marks.CALLS,
            *actions.CALLS,
            *llm.CALLS,
            *OWN,
        ),
        acts_as=("model",),
        emits=("chat", marks.NOUN, "late", "approval", "choice", "filter", "model"),
        reads_log=True,
        follows=(events.ALL,),
        works=(TURNS, TITLES),
        writes_parts=True,
        reads_parts=True,
        discovers=True,
    ),
    "memory": Role(
        serves=(
            *(*memory.ACTIONS, *memory.CALLS, *documents.ACTIONS, *documents.CALLS),
            *(*own.ACTIONS, *keeping.CALLS, *forgetting.CALLS),
        ),
        calls=(llm.EMBED,),
        emits=("memory", "document", "recording"),
        erases=True,
        reads_log=True,
        works=(MEMORY,),
        reads_files=True,
    ),
    "sandbox": Role(
        serves=(*sandbox.ACTIONS, *sandbox.CALLS, *jobs.ACTIONS, *jobs.CALLS, *boxes.ACTIONS, *boxes.CALLS),
        emits=("sandbox", "job", "file"),
        reads_log=True,
        writes_prints=True,
        reads_prints=True,
        follows=(events.of_kind(chat.Halted.kind), events.of_kind(documents.DocumentUploaded.kind)),
        reads_files=True,
        writes_files=True,
    ),
    "tasks": Role(
        serves=(*tasks.ACTIONS, *tasks.CALLS, *board.CALLS), emits=("task",), reads_log=True, follows=(_FORGOT,)
    ),
    "undo": Role(
        serves=undo.ACTIONS,
        calls=undo.INVERSES,
        emits=("undo",),
        reads_log=True,
        follows=(_FORGOT,),
    ),
    "ui": Role(serves=pages.CALLS),
    "cli": Role(
        calls=(*_CLI, *OWN),
        acts_as=("user",),
        reads_log=True,
        follows=(events.ALL,),
        reads_parts=True,
        reads_prints=True,
        reads_files=True,
        writes_files=True,
        discovers=True,
    ),
}
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
        publish=tuple(sorted({*_calling(role), *_writing(role), *_reading(role)})),
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


def _calling(role: Role) -> Iterable[str]:
    for call in role.calls:
        yield call.pattern
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
    if role.erases:
        yield f"$JS.API.STREAM.MSG.DELETE.{EVENTS.name}"
        yield from (f"$JS.API.STREAM.PURGE.{feed.stream}" for feed in FEEDS)
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
