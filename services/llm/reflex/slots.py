"""Slots of an action: what kind each argument is, how it is said, and its value in what was said."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from services.llm.models.schemas import Schema, inline
from services.llm.reflex.words import (
    BOOLEANS,
    COMMANDS,
    DETERMINERS,
    FUNCTION,
    NUMBERS,
    PROGRAMS,
    PRONOUNS,
    QUERIES,
    UNFINISHED,
)

Kind = Literal["integer", "number", "boolean", "choice", "command", "query", "reference", "text", "other"]
Evidence = Literal["strong", "weak", "statement"]
"""How much the words around a slot tell: enough, few, or few in a sentence that asks for nothing."""
Value = str | int | float | bool

_QUOTES: Final = re.compile(
    r"^(?:\"(.+)\"|'(.+)'|\u201c(.+)\u201d|\u2018(.+)\u2019|```\w*\n(.+?)\n?```|`(.+)`|\u00ab(.+)\u00bb)$", re.DOTALL
)
_NUMBER: Final = re.compile(r"#?(\d+)(?:st|nd|rd|th)?")
_NOUN: Final = re.compile(
    r"(?:the\s+)?(?:(?:task|item|to-?do|number|entry)\s+(?:number\s+)?)?(.+?)(?:\s+(?:task|item|to-?do|one|entry))?"
    r"(?:\s+(?:on|in|of)\s+(?:my|the)\s+(?:(?:task|to-?do)\s+)?list)?",
    re.IGNORECASE | re.DOTALL,
)
_SHELL: Final = re.compile(r"[|<>;&$=*~]|(?:^|\s)-{1,2}\w|/\w|\w/|\w\.[a-z]\w{0,4}\b|^\./")
_ELSEWHERE: Final = re.compile(r"\S/\S|\w\.[A-Za-z]\w{0,4}$|\sfrom\s+(?:my|the|your|this|a|an)\s", re.IGNORECASE)
"""A path, a file name, or "cookies from my browser": not a task."""
_NAMED: Final = re.compile(
    r"the\s+.+\s+(?:task|item|to-?do|entry)|(?:task|item|to-?do|entry)\s+.+", re.IGNORECASE | re.DOTALL
)
LONGEST_NAME: Final = 10
"""Words."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an action."""

    name: str
    kind: Kind
    required: bool
    choices: tuple[str, ...] = ()


def slots(schema: Schema) -> dict[str, Slot]:
    """Read the slots of an action from the JSON Schema of its arguments."""
    plain = inline(schema)
    properties, required = plain["properties"], plain.get("required")
    if not isinstance(properties, dict):
        return {}
    needed = required if isinstance(required, list) else []
    return {name: _slot(name, part, name in needed) for name, part in properties.items() if isinstance(part, dict)}


def _slot(name: str, part: Schema, required: bool) -> Slot:
    kind, choices = _kind(name, part)
    return Slot(name=name, kind=kind, required=required, choices=choices)


def _kind(name: str, part: Schema) -> tuple[Kind, tuple[str, ...]]:
    for alternative in _list(part.get("anyOf")):
        if isinstance(alternative, dict) and alternative.get("type") != "null":
            return _kind(name, {**part, "anyOf": None, **alternative})
    listed = [each for each in _list(part.get("enum")) if isinstance(each, str)]
    if listed:
        return "choice", tuple(listed)
    types = part.get("type")
    match types if isinstance(types, str) else next(iter(_list(types)), ""):
        case "integer" | "number" | "boolean" as plain:
            return plain, ()
        case "string":
            return _text_kind(name, str(part.get("description", ""))), ()
    return "other", ()


def _list(part: object) -> list[object]:
    return part if isinstance(part, list) else []


def _text_kind(name: str, description: str) -> Kind:
    if name in COMMANDS:
        return "command"
    if name in QUERIES:
        return "query"
    return "reference" if description.lower().startswith("which") else "text"


def pattern(slot: Slot) -> str:
    """The regular expression of what may stand in a slot."""
    match slot.kind:
        case "integer" | "number":
            return rf"(?:{_NUMBER.pattern.replace('(', '(?:', 1)}|{'|'.join(NUMBERS)})"
        case "boolean":
            return f"(?:{'|'.join(BOOLEANS)})"
        case "choice":
            return f"(?:{'|'.join(re.escape(choice) for choice in slot.choices)})"
    return r"(?:\"[^\"]+\"|'[^']+'|\u201c[^\u201d]+\u201d|`[^`]+`|\S(?:.*?\S)?)"


def value(slot: Slot, said: str) -> Value | None:
    """The value of what was said in a slot; None when it cannot be one."""
    said = said.strip()
    match slot.kind:
        case "integer" | "number":
            return number(said)
        case "boolean":
            return BOOLEANS.get(said.lower())
        case "choice":
            return next((choice for choice in slot.choices if choice.lower() == said.lower()), None)
        case "reference":
            return reference(said)
        case "other":
            return None
    return None if said.lower() in PRONOUNS else unquoted(said).strip() or None


def number(said: str) -> int | None:
    """Read `3`, `#3`, `3rd`, `three`, `third` or `top`."""
    if found := _NUMBER.fullmatch(said):
        return int(found[1])
    return NUMBERS.get(said.lower())


def reference(said: str) -> str | None:
    """What was said to name one thing: its number as digits, or its words without "the" and "task"."""
    if quoted := _QUOTES.match(said):
        return next(text for text in quoted.groups() if text)
    found = _NOUN.fullmatch(said)
    words = (found[1] if found else said).strip()
    if words.lower().split()[0] in PRONOUNS:
        return None
    counted = number(words)
    return unquoted(words) if counted is None else str(counted)


def unquoted(said: str) -> str:
    """Take one pair of quotes off."""
    found = _QUOTES.match(said)
    return next(text for text in found.groups() if text) if found else said


def plausible(slot: Slot, said: str, evidence: Evidence) -> bool:
    """Whether this may stand in that slot, given how much the words around it tell."""
    quoted = _QUOTES.match(said) is not None
    if slot.kind == "command":
        return quoted or evidence == "strong" or looks_like_command(said)
    if slot.kind not in ("reference", "text") or quoted:
        return True
    if said.rsplit(maxsplit=1)[-1].lower() in UNFINISHED:
        return False
    named = slot.kind == "reference" and (_NAMED.fullmatch(said) is not None or (reference(said) or "").isdigit())
    return named or evidence == "strong" or (evidence == "weak" and _stands_alone(said))


def looks_like_command(said: str) -> bool:
    """Whether a line is for a shell rather than for a person."""
    first = said.split(maxsplit=1)[0].lower()
    if first in DETERMINERS or first in PRONOUNS:
        return False
    return first in PROGRAMS or _SHELL.search(said) is not None


def _stands_alone(said: str) -> bool:
    """Whether words can be the name or the title of a task without anything around them that says so."""
    first, *rest = spoken = said.lower().split()
    told = any(word.isalpha() and word not in NUMBERS and word not in FUNCTION for word in spoken)
    return told and first not in DETERMINERS | PRONOUNS and len(rest) < LONGEST_NAME and not _ELSEWHERE.search(said)
