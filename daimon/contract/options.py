"""What can be set, service by service: nixos/settings.json for the NixOS module, and docs/options.md for people."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from itertools import pairwise
from types import ModuleType
from typing import Any

import msgspec

from daimon.units.rows import table

_HEAD = """# What can be set

Generated from the settings of the services by `daimon contract`; do not edit. In `settings.toml` a service is a table,
such as `[llm]`; as a variable of the environment a setting is `DAIMON_LLM_NUM_CTX`; on NixOS it is
`services.daimon.llm.settings.num_ctx`.
"""


class Setting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One setting, as JSON Schema has it."""

    kind: str
    """integer, number, boolean or string."""
    default: str | int | float | bool
    what: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


Settings = dict[str, dict[str, Setting]]


def settings() -> Settings:
    """Return every setting of every service."""
    return {name: dict(_settings(importlib.import_module(f"services.{name}.settings"))) for name in table().services}


def page() -> str:
    """Return docs/options.md."""
    return "\n".join((_HEAD, *(line for name, found in settings().items() for line in _lines(name, found))))


def _settings(module: ModuleType) -> Iterator[tuple[str, Setting]]:
    name = f"{module.__name__.split('.')[1].title()}Settings"
    schema = msgspec.json.schema_components((getattr(module, name),))[1][name]
    said = _said(inspect.getsource(module), name)
    for field, found in schema["properties"].items():
        if field not in said:
            raise LookupError(f"{module.__name__}: say below `{field}` what it is; that becomes its line in the docs.")
        yield field, _setting(found, said[field])


def _setting(found: dict[str, Any], what: str) -> Setting:
    return Setting(
        kind=found.get("type", "string"),
        default=found["default"],
        what=what,
        choices=tuple(found.get("enum", ())),
        least=found.get("minimum", found.get("exclusiveMinimum")),
        most=found.get("maximum"),
    )


def _said(source: str, name: str) -> dict[str, str]:
    """Return what stands below each field of a class."""
    body = next(node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name)
    pairs = pairwise(body)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairs
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _lines(name: str, found: dict[str, Setting]) -> Iterator[str]:
    yield f"## {name}\n"
    yield "| setting | by default | what |"
    yield "|---|---|---|"
    for field, setting in found.items():
        default = msgspec.json.encode(setting.default).decode()
        yield f"| `{field}` | `{default}` | {setting.what}{_bounds(setting)} |"
    yield ""


def _bounds(setting: Setting) -> str:
    if setting.choices:
        return f" One of {', '.join(f'`{choice}`' for choice in setting.choices)}."
    if setting.least is not None and setting.most is not None:
        return f" From {setting.least:g} to {setting.most:g}."
    return "" if setting.least is None else f" {setting.least:g} or more."
