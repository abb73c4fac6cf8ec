"""Settings of the memory service."""

from __future__ import annotations

import msgspec


class MemorySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where Postgres is and how much of it memory may use."""

    database: str = "dbname=daimon user=daimon_memory"
    """libpq connection string of the database's owner; by default over the local socket."""
    reader: str = "dbname=daimon user=daimon_reader"
    """libpq connection string of the role that runs users' SQL and may only read."""
    connections: int = 4
    """Connections kept for calls; one more belongs to the projector."""
    questions: int = 2
    """Users' SQL statements that run at the same time; more wait."""
    backups: str = ""
    """The folder for copies of the database that are made before its schema changes; empty: none is made."""
    pg_dump: str = "pg_dump"
    """The program that makes them."""
    keep: str = ""
    """Days that some kinds of events are kept, such as `page.visited=30 memory.searched=90`; the others for ever."""
