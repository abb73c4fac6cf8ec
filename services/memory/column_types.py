"""The names of Postgres' types, as SQL writes them."""

from __future__ import annotations

from psycopg.postgres import types


def type_name(oid: int) -> str:
    """The name of a type; empty for one that is no built-in of Postgres."""
    known = types.get(oid)
    if known is None:
        return ""
    return f"{known.regtype}[]" if oid == known.array_oid else known.regtype
