"""The statements of memory, read by name from `sql/queries.sql`."""

from __future__ import annotations

import functools
import re
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def split(text: str) -> dict[str, str]:
    """Split a file of `-- name: …` blocks into statements by name; what stands before the first is left out."""
    pieces = _NAME.split(text)[1:]
    names, statements = pieces[::2], pieces[1::2]
    if len(set(names)) < len(names):
        raise ValueError("Two statements have the same name")
    return {name: statement.strip() for name, statement in zip(names, statements, strict=True)}


def query(name: str) -> bytes:
    """Return a statement by its name; KeyError when there is none."""
    return _all()[name]


@functools.cache
def _all() -> dict[str, bytes]:
    text = resources.files("services.memory").joinpath("sql", "queries.sql").read_text()
    return {name: statement.encode() for name, statement in split(text).items()}
