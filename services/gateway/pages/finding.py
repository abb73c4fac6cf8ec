"""What a search asks for, read from an address: every field of `memory.search` is a parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from fastapi.datastructures import QueryParams

from proto import memory
from proto.errors import Invalid

QUERY_LIMIT = 2000
SINGLE = ("conversation", "actor", "since", "until", "ways", "neighbours", "more", "limit")
"""Parameters that are fields by the same name."""
PARAMETERS = ("q", "kind", "noun", *SINGLE)
"""All of them; `kind` may be repeated, and takes a noun too."""
HINTS = dict.fromkeys(("since", "until"), " Write a time with its zone, such as 2026-11-20T14:05:00Z.")
_FIELD = re.compile(r"`\$\.(\w+)")


def asked(query: QueryParams) -> memory.Search:
    """Return the search; Invalid says which parameter does not fit."""
    text = query.get("q", "").strip()
    if not text:
        raise Invalid("Say what to look for: /api/search?q=groceries")
    kinds = tuple(name for name in (*query.getlist("kind"), query.get("noun", "")) if name)
    single = {name: query[name] for name in SINGLE if query.get(name)}
    return _search({"query": text[:QUERY_LIMIT], "kinds": kinds, **single})


def _search(fields: Mapping[str, object]) -> memory.Search:
    try:
        return msgspec.convert(fields, memory.Search, strict=False)
    except msgspec.ValidationError as error:
        named = _FIELD.search(str(error))
        reason = str(error).partition(" - at ")[0]
        name = named[1] if named else "query"
        raise Invalid(f"The parameter {name} does not fit: {reason}.{HINTS.get(name, '')}") from error
