"""JSON Schemas of actions in the plain form a model server takes: no references, and only what a grammar can hold."""

from __future__ import annotations

from typing import Final

Schema = dict[str, object]

# Lengths, ranges and patterns are left out: llama.cpp refuses a grammar with many repetitions, and the
# arguments are checked against the action's own Struct anyway.
KEPT: Final = ("type", "required", "enum", "const")
HELD: Final = ("items", "anyOf", "additionalProperties")
DEPTH: Final = 16


def inline(schema: Schema) -> Schema:
    """Put every `$ref` into `$defs` in its place; a schema that contains itself ends in an open object."""
    defined = schema.get("$defs")
    whole = {key: value for key, value in schema.items() if key != "$defs"}
    return {"type": "object", "properties": {}, **_object(whole, defined if isinstance(defined, dict) else {}, DEPTH)}


def _object(part: Schema, defined: Schema, depth: int) -> Schema:
    if depth == 0:
        return {"type": "object"}
    target = part.get("$ref")
    if isinstance(target, str):
        named = defined.get(target.rpartition("/")[2])
        own = {key: value for key, value in part.items() if key != "$ref"}
        return _object({**(named if isinstance(named, dict) else {}), **own}, defined, depth - 1)
    return {key: _any(value, defined, depth - 1) for key, value in part.items()}


def _any(part: object, defined: Schema, depth: int) -> object:
    if isinstance(part, list):
        return [_any(each, defined, depth) for each in part]
    return _object(part, defined, depth) if isinstance(part, dict) else part


def held(schema: Schema) -> Schema:
    """Keep what a grammar can hold a model to."""
    return _held(inline(schema))


def _held(part: Schema) -> Schema:
    kept: Schema = {key: part[key] for key in KEPT if key in part}
    properties = part.get("properties")
    if isinstance(properties, dict):
        kept["properties"] = {name: _held_any(each) for name, each in properties.items()}
    kept |= {key: _held_any(part[key]) for key in HELD if key in part}
    if "oneOf" in part:
        kept["anyOf"] = _held_any(part["oneOf"])
    return kept


def _held_any(part: object) -> object:
    if isinstance(part, list):
        return [_held_any(each) for each in part]
    return _held(part) if isinstance(part, dict) else part
