"""A search as an address asks for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.datastructures import QueryParams

from proto import memory
from proto.errors import Invalid
from services.gateway.pages.finding import PARAMETERS, asked


def test_every_field_of_a_search_is_a_parameter():
    found = asked(
        QueryParams(
            "q=milk&kind=task&kind=chat.asked&conversation=c&actor=user&since=2026-01-01T00:00:00Z"
            "&until=2026-02-01T00:00:00Z&ways=words&neighbours=2&more=abc&limit=7"
        )
    )
    assert found == memory.Search(
        query="milk",
        kinds=("task", "chat.asked"),
        conversation="c",
        actor="user",
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2026, 2, 1, tzinfo=UTC),
        ways="words",
        neighbours=2,
        more="abc",
        limit=7,
    )
    assert {"q", "kind", *memory.Search.__struct_fields__} - {"query", "kinds"} <= set(PARAMETERS)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("q=a&limit=51", "limit"),
        ("q=a&since=yesterday", "since"),
        ("q=a&ways=far", "ways"),
        ("q=%20", "/api/search?q="),
    ],
)
def test_what_does_not_fit_is_named(query, named):
    with pytest.raises(Invalid, match=named.replace("?", r"\?")):
        asked(QueryParams(query))
