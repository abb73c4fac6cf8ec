"""What the processes that measure memory print, a line of JSON each, and `daimon bench` reads."""

from __future__ import annotations

import msgspec


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one size of the log costs to search."""

    size: int
    median: float
    p95: float
    """Milliseconds of a hybrid search, without making the query's vector."""
    filtered: float
    """The same at the 95th percentile with a selective filter."""
    rate: float
    """Searches a second by eight clients."""
    recall: float
    """Share of the first ten of the exact search."""
    naive: float
    """Milliseconds of ranked SQL without candidates."""
    disk: int
    """Bytes of the database."""
    filling: float
    """Seconds to write and index what was new at this size."""


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """Rows a second that Postgres takes from a program that does nothing else."""

    lists: float
    """As psycopg writes lists."""
    arrays: float
    """As memory writes arrays, each in one go."""


class Fresh(msgspec.Struct, frozen=True, kw_only=True):
    """How soon what was just written is found."""

    rate: float
    """Rows a second that were made searchable, of those that came."""
    late: float
    """Milliseconds from a row's coming to its being found by words and by meaning, 99th percentile."""
    agreement: float
    """Share of the first ten of the exact search, asking for what came last."""
    incremental: float
    """Rows a second that one table with an HNSW takes."""
    most: float
    """Rows a second that were made searchable when they came all at once."""
    sealing: float
    """Seconds to index in bulk what had come, when nothing came any more."""


class Foretelling(msgspec.Struct, frozen=True, kw_only=True):
    """How well the ghost foretold what somebody did next."""

    deeds: int
    shown: float
    """Offers for each deed."""
    right: float
    """Share of the offers that were what came next."""
    foretold: float
    """Share of the deeds that had been offered before they were done."""
    baseline: float
    """Share of the deeds that were what most often followed the kind of deed before."""
    microseconds: float
    """To take note of an event and to look what can be offered, on average."""
