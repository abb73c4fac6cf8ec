"""A form for any action: its JSON Schema as fields, and what was typed into them as arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from proto.errors import Invalid
from proto.ui_mind import Field, FieldKind

PREFIX = "arg."
"""Before the names of fields, so that none is taken for what every form of ours carries."""
LONG = 200
"""Characters from which on a text has several lines."""
DIGITS = 40
_SIMPLE: dict[object, FieldKind] = {"string": "text", "integer": "integer", "number": "number", "boolean": "yes or no"}


def fields(schema: bytes) -> tuple[Field, ...]:
    """The fields of a schema; what has no field of its own is typed as JSON."""
    try:
        found = msgspec.json.decode(schema, type=dict[str, Any])
        properties, required = found.get("properties", {}), found.get("required", [])
        return tuple(_field(name, _plain(each), name in required) for name, each in properties.items())
    except (msgspec.DecodeError, AttributeError, TypeError):
        return ()


def arguments(known: tuple[Field, ...], form: Mapping[str, str]) -> dict[str, object]:
    """What was typed, as arguments; a field that was left empty is left out."""
    typed = {each: form.get(PREFIX + each.name, "") for each in known}
    return {each.name: _value(each, text.replace("\r\n", "\n")) for each, text in typed.items() if text.strip()}


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Of "this or nothing" this: nothing is what an empty field says."""
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return {**schema, **options[0]} if len(options) == 1 else schema


def _field(name: str, schema: dict[str, Any], required: bool) -> Field:
    choices = schema.get("enum")
    default = schema.get("default")
    return Field(
        name=name,
        kind=_kind(schema),
        required=required,
        description=str(schema.get("description", "")),
        choices=tuple(map(str, choices)) if isinstance(choices, list) else (),
        low=_number(schema.get("minimum")),
        high=_number(schema.get("maximum")),
        longest=schema["maxLength"] if isinstance(schema.get("maxLength"), int) else None,
        default="" if default in (None, "", [], {}) else msgspec.json.encode(default).decode().strip('"'),
    )


def _kind(schema: dict[str, Any]) -> FieldKind:
    if isinstance(schema.get("enum"), list) and all(isinstance(each, str) for each in schema["enum"]):
        return "choice"
    kind = schema.get("type")
    if kind == "string":
        return "long text" if int(schema.get("maxLength", LONG)) > LONG else "text"
    if kind == "array" and schema.get("items", {}).get("type") == "string":
        return "lines"
    return _SIMPLE.get(kind, "json") if isinstance(kind, str) else "json"


def _number(found: object) -> str:
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else ""


def _value(field: Field, text: str) -> object:
    if field.kind == "yes or no":
        return text == "yes"
    if field.kind == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if field.kind in ("integer", "number", "json"):
        return _read(field, text.strip())
    return text


def _read(field: Field, text: str) -> object:
    wanted = {"integer": int, "number": float}.get(field.kind)
    if wanted and len(text) > DIGITS:
        raise Invalid(f"{field.name}: that is too long for a number.")
    try:
        return msgspec.json.decode(text) if wanted is None else cast("object", wanted(text))
    except ValueError as error:
        needed = {int: "a whole number", float: "a number"}.get(wanted or str, 'JSON, such as [1, 2] or {"a": 1}')
        raise Invalid(f"{field.name} takes {needed}.") from error
