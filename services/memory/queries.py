"""The statements of memory, read by name from the files in `sql/`."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping
from importlib import resources

import msgspec

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_FILTER = re.compile(r"^/\* (\w+) \*/ .*\n?", re.MULTILINE)
_VALUE = re.compile(r"%\((\w+)\)s")
_PART = re.compile(r"\{(\w+)\}")


def split(text: str) -> dict[str, str]:
    """Split a file of `-- name: …` blocks into statements by name; what stands before the first is left out."""
    pieces = _NAME.split(text)[1:]
    names, statements = pieces[::2], pieces[1::2]
    if len(set(names)) < len(names):
        raise ValueError("Two statements have the same name")
    return {name: statement.strip() for name, statement in zip(names, statements, strict=True)}


def whole(statement: str, parts: Mapping[str, str]) -> str:
    """Put in the parts that a statement names in braces; what is no part stays for whoever fills it in."""
    return _PART.sub(lambda named: whole(parts[named[1]], parts) if named[1] in parts else named[0], statement)


class Statement(msgspec.Struct, frozen=True):
    """What Postgres gets: psycopg would look for the names of so many values anew each time."""

    text: bytes
    names: tuple[str, ...]
    """Of its values, in the order of their numbers."""


def query(name: str, dimensions: int = 0, given: Collection[str] = ()) -> Statement:
    """Return a statement by its name, for vectors of so many numbers and some filters; KeyError when there is none."""
    return _built(name, dimensions, frozenset(given))


def numbered(statement: str) -> Statement:
    """Put numbers in the places of names."""
    names: dict[str, int] = {}
    text = _VALUE.sub(lambda named: f"${names.setdefault(named[1], len(names) + 1)}", statement)
    return Statement(text.encode(), tuple(names))


def only(statement: str, given: Collection[str]) -> str:
    """Leave out the lines that begin with the name, in a comment, of a filter that is not given."""
    return _FILTER.sub(lambda line: line[0] if line[1] in given else "", statement)


@functools.lru_cache(1000)
def _built(name: str, dimensions: int, given: frozenset[str]) -> Statement:
    return numbered(only(_all()[name], given).replace("{dimensions}", str(dimensions)))


@functools.cache
def examples() -> tuple[tuple[str, str], ...]:
    """Questions that teach SQL, in their order: each with its title, which is the comment above it."""
    found = split(resources.files("services.memory").joinpath("sql", "examples", "questions.sql").read_text()).values()
    pieces = (text.partition("\n") for text in found)
    return tuple((title.removeprefix("-- "), sql) for title, _, sql in pieces)


@functools.cache
def _all() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in resources.files("services.memory").joinpath("sql").iterdir():
        if file.name.endswith(".sql"):
            statements = split(file.read_text())
            if found.keys() & statements.keys():
                raise ValueError(f"{file.name} has a statement that another file has too")
            found |= statements
    return {name: whole(statement, found) for name, statement in found.items()}
