"""Who may know whom: services → runtime → proto, and each library in its one place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.architecture.source import Source, product

HOMES = {
    "nats": "services/runtime/bus/",
    "fastapi": "services/gateway/",
    "uvicorn": "services/gateway/",
    "starlette": "services/gateway/",
    "psycopg": "services/memory/",
    "ollama": "services/llm/",
    "xllamacpp": "services/llm/",
    "jinja2": "services/ui/",
    "docker": "services/sandbox/",
}
IN_THE_BOX = "services/sandbox/agent/"
"""Runs inside a box, with the standard library alone."""
SQL = re.compile(
    r"\b(select\s.+\sfrom|insert\s+into|update\s.+\sset|delete\s+from|create\s+table)\b", re.IGNORECASE | re.DOTALL
)


def service(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] == "services" and len(parts) > 1 else ""


def allowed(source: Source, module: str) -> bool:
    root = module.partition(".")[0]
    top, _, own = source.folder.partition("/")
    if top == "proto":
        return root not in {"services", "daimon", "asyncio", "os", "socket"}
    if top == "services":
        return root != "daimon" and service(module) in {"", "runtime", own}
    return service(module) in {"", "runtime"}


def wrong_ways() -> Iterator[str]:
    for source in product():
        yield from (f"{source.name} imports {module}" for module in source.imports() if not allowed(source, module))


def strays() -> Iterator[str]:
    for source in product():
        for module in source.imports():
            home = HOMES.get(module.partition(".")[0])
            if home is not None and not source.name.startswith(home):
                yield f"{source.name} imports {module}, which belongs into {home}"


def containing(pattern: str, *homes: str) -> list[str]:
    """Files outside of their homes whose text has the pattern."""
    return [
        source.name
        for source in product()
        if not source.name.startswith((*homes, IN_THE_BOX)) and re.search(pattern, source.text)
    ]


def test_imports_point_the_right_way():
    assert list(wrong_ways()) == []


def test_each_library_stays_in_its_place():
    assert list(strays()) == []


def test_the_environment_is_read_in_one_file():
    assert containing(r"os\.environ|getenv", "services/runtime/settings.py") == []


def test_only_the_bus_catches_everything():
    assert containing(r"except\s*(BaseException|Exception)?\s*(as \w+)?:", "services/runtime/bus/") == []


def test_subjects_are_written_in_the_contract_alone():
    found = [
        f"{source.name}: {text}"
        for source in product()
        for text in source.texts()
        if not source.name.startswith("proto/") and re.match(r"daimon\.(do|svc|event|part)\.", text)
    ]
    assert found == []


def test_sql_stays_in_sql_files():
    found = [
        f"{source.name}: {text}"
        for source in product()
        for text in source.texts()
        if source.name.startswith("services/") and SQL.search(text)
    ]
    assert found == []
