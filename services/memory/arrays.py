"""Columns as Postgres reads arrays: made in one go, because psycopg looks at each value of a list by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

NUL = "\0"
"""Postgres keeps none in a text, so it can stand between many that are written in one go."""


def array(values: Sequence[object]) -> str:
    """Write values as an array; whoever takes it says of what type."""
    if set(map(type, values)) == {str}:
        together = NUL.join(values)  # type: ignore[arg-type]
        if together.count(NUL) == len(values) - 1:
            return '{"' + _escaped(together).replace(NUL, '","') + '"}'
    return "{" + ",".join(map(_written, values)) + "}"


def _written(value: object) -> str:
    match value:
        case str():
            return f'"{_escaped(value)}"'
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case None:
            return "NULL"
        case datetime():
            return f'"{value.isoformat()}"'
        case _:
            return str(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
