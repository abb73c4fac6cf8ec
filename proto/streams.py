"""What JetStream keeps: the streams, their durable consumers and the key-value buckets, as plain values."""

from __future__ import annotations

from typing import Any

import msgspec

from proto import accounts, chat, documents, events, jobs, seen
from proto.base import Feed

SECOND = 1_000_000_000
"""JetStream counts time in nanoseconds."""


class Republish(msgspec.Struct, frozen=True, kw_only=True):
    """What is said again, and where, once a message is kept."""

    src: str
    dest: str


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's configuration, in JetStream's own words."""

    name: str
    subjects: tuple[str, ...]
    storage: str = "file"
    retention: str = "limits"
    discard: str = "old"
    num_replicas: int = 1
    allow_direct: bool = False
    allow_atomic: bool = False
    allow_rollup_hdrs: bool = False
    deny_delete: bool = False
    persist_mode: str = "default"
    max_age: int = 0
    max_bytes: int = -1
    max_msgs_per_subject: int = 0
    duplicate_window: int = 0
    republish: Republish | None = None


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A durable pull consumer's configuration, in JetStream's own words."""

    durable_name: str
    filter_subject: str = ""
    ack_policy: str = "explicit"
    ack_wait: int = 30 * SECOND
    max_ack_pending: int = 1000
    deliver_policy: str = "all"
    replay_policy: str = "instant"


EVENTS = Stream(
    name=events.STREAM,
    subjects=(events.ALL,),
    allow_direct=True,
    allow_atomic=True,
    duplicate_window=120 * SECOND,
    republish=Republish(src=events.ALL, dest=events.heard(events.ALL)),
)
PARTS = Stream(
    name=chat.PARTS.stream,
    subjects=(chat.PARTS.under(),),
    allow_direct=True,
    # A lost token is written again by the next attempt, so tokens do not wait for the disk.
    persist_mode="async",
    max_age=24 * 3600 * SECOND,
)

PRINTS = Stream(
    name=jobs.PRINTS.stream,
    subjects=(jobs.PRINTS.under(),),
    allow_direct=True,
    # The box has all of it in a file.
    persist_mode="async",
    max_age=24 * 3600 * SECOND,
    max_bytes=1_000_000_000,
)
SENT = Stream(
    name=seen.SENT.stream,
    subjects=(seen.SENT.under(),),
    allow_direct=True,
    # It explains what happened and decides nothing, so nothing waits for the disk.
    persist_mode="async",
    max_age=30 * 24 * 3600 * SECOND,
    max_bytes=1_000_000_000,
)


def bucket(name: str) -> Stream:
    """The stream behind a key-value bucket, as every NATS client lays it out."""
    return Stream(
        name=f"KV_{name}",
        subjects=(f"$KV.{name}.>",),
        discard="new",
        allow_direct=True,
        allow_rollup_hdrs=True,
        deny_delete=True,
        max_msgs_per_subject=1,
    )


def object_bucket(name: str) -> Stream:
    """The stream behind an object bucket, as every NATS client lays it out."""
    return Stream(
        name=f"OBJ_{name}",
        subjects=(f"$O.{name}.C.>", f"$O.{name}.M.>"),
        discard="new",
        allow_direct=True,
        allow_rollup_hdrs=True,
    )


TURN_LEASE = 3
"""Seconds after which a turn whose worker is silent goes to another."""
MEMORY = Consumer(durable_name="memory", ack_policy="all", max_ack_pending=20_000)
TURNS = Consumer(durable_name="turns", filter_subject=events.of_kind(chat.Asked.kind), ack_wait=TURN_LEASE * SECOND)
STREAMS = (
    EVENTS,
    PARTS,
    PRINTS,
    SENT,
    bucket(accounts.SESSIONS),
    bucket(accounts.ACCOUNTS),
    object_bucket(documents.FILES),
)
TITLES = Consumer(
    durable_name="titles",
    filter_subject=events.of_kind(chat.Answered.kind),
    ack_wait=120 * SECOND,
    deliver_policy="new",
)
ENDS = Consumer(
    durable_name="ends",
    filter_subject=events.of_kind(jobs.JobEnded.kind),
    ack_wait=30 * SECOND,
    deliver_policy="new",
)
CONSUMERS = (MEMORY, TURNS, TITLES, ENDS)
"""All of them on the log."""
FEEDS: tuple[Feed[Any], ...] = (chat.PARTS, jobs.PRINTS, seen.SENT)
