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

from services.runtime.units import table

_HEAD = """# What can be set

Generated from the settings of the services by `daimon contract`; do not edit. In `settings.toml` a service is a table,
such as `[llm]`; as a variable of the environment a setting is `DAIMON_LLM_NUM_CTX`; on NixOS it is
`services.daimon.llm.settings.num_ctx`. Settings that begin alike may be written as a table of their own: `memory` in
`[sandbox.limits]` is `limits_memory` in `[sandbox]`.
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
    yield from _fields(getattr(module, f"{module.__name__.split('.')[1].title()}Settings"))


def _fields(kind: type[msgspec.Struct]) -> Iterator[tuple[str, Setting]]:
    schema = msgspec.json.schema_components((kind,))[1][kind.__name__]
    said = _said(kind)
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from ((f"{field.name}_{name}", setting) for name, setting in _fields(field.type))
        elif field.name not in said:
            raise LookupError(
                f"{kind.__module__}: say below `{field.name}` what it is; that becomes its line in the docs."
            )
        else:
            yield field.name, _setting(schema["properties"][field.name], said[field.name])


def _setting(found: dict[str, Any], what: str) -> Setting:
    return Setting(
        kind=found.get("type", "string"),
        default=found["default"],
        what=what,
        choices=tuple(found.get("enum", ())),
        least=found.get("minimum", found.get("exclusiveMinimum")),
        most=found.get("maximum"),
    )


def _said(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return what stands below each field of a class."""
    source = inspect.getsource(importlib.import_module(kind.__module__))
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    pairs = pairwise(next(node.body for node in classes if node.name == kind.__name__))
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
        return f" From {setting.least:.15g} to {setting.most:.15g}."
    return "" if setting.least is None else f" {setting.least:.15g} or more."
