"""Which packages a service needs."""

from __future__ import annotations

from daimon.bench import closure


async def test_a_service_needs_its_own_libraries_and_theirs_alone() -> None:
    found = await closure.run(1)
    assert found["tasks"].value == found["none"].value < found["gateway"].value
    assert "xllamacpp" in found["llm"].against
    assert "xllamacpp" not in found["gateway"].against
    assert closure.closure(["fastapi"]) >= {"fastapi", "starlette", "pydantic", "pydantic-core"}


def test_an_extra_is_followed_only_where_it_is_asked_for() -> None:
    assert "psycopg-binary" in closure.closure(["psycopg[binary]"])
    assert "psycopg-binary" not in closure.closure(["psycopg"])


def test_what_is_declared_but_not_installed_does_not_count() -> None:
    assert closure.closure(["django-htmx"]) == {"django-htmx"}
