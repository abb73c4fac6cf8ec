"""The phrasings of a menu, compiled: what people say for each action, with slots where its arguments stand."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from services.llm.models.model import Tool
from services.llm.reflex.openings import opening
from services.llm.reflex.slots import Slot, pattern, slots
from services.llm.reflex.words import ARTICLES, DETERMINERS, FUNCTION, PRONOUNS

SOMETHING: Final = "something"
TYPED: Final = ("integer", "number", "boolean", "choice")

_SLOT: Final = re.compile(r"\{(\w+)\}")
_TOKEN: Final = re.compile(r"\{(\w+)\}|([^\s{}]+)")
_ARTICLE: Final = r"(?:\s+(?:the|my|our|this|a|an)(?:\s+new)?)?"
_SPELLINGS: Final = {
    "list": r"(?:(?:task|to-?do|to\s+do)\s+)?list",
    "tasks": r"(?:tasks|to-?dos|to-?do\s+items)",
    "task": r"(?:task|item|to-?do)",
    "done": r"(?:done|completed?|finished)",
}
_CONTRACTED: Final = {
    "is": r"(?:\s+is|['\u2019]?s)",
    "am": r"(?:\s+am|['\u2019]m)",
    "have": r"(?:\s+have|['\u2019]ve)",
    "not": r"(?:\s+not|n['\u2019]?t)",
}
_NO_VERB: Final = "|".join(sorted(FUNCTION | PRONOUNS | DETERMINERS))
_VERB: Final = rf"\s+(?!(?:{_NO_VERB})\b)[^\W\d_]+(?:\s+(?:up|down|in|out|away|back|over|off))?"


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One phrasing, ready to be matched against what was said with a space before it."""

    action: str
    phrasing: str
    exact: re.Pattern[str]
    loose: re.Pattern[str] | None
    """With any verb where the phrasing's own words before its first slot stand; None where too little would be left."""
    slots: tuple[Slot, ...]
    sure: bool
    """Its own words are telling enough to take whatever stands in its slots."""
    states: bool
    """It says how things are instead of what to do, so it has to say plainly which thing."""
    end: str
    """The words behind a last slot that takes any words, where they are telling."""


class Grammar(msgspec.Struct, frozen=True, kw_only=True):
    """All phrasings of a menu."""

    templates: tuple[Template, ...]
    verbs: Mapping[str, frozenset[str]]
    """By first word: the actions with a phrasing that begins so."""
    ends: Mapping[str, re.Pattern[str]]
    """By action: the ends of its phrasings, which stand in no slot unless two requests are in one sentence."""
    last_words: Mapping[str, frozenset[str]]
    """By action: the telling words of those ends."""
    another: re.Pattern[str]
    """The beginning of another request behind `and` or `then`."""


def grammar(tools: Iterable[Tool]) -> Grammar:
    """Compile the phrasings of a menu; one that cannot fill what its action requires is left out."""
    made = tuple(template for tool in tools for template in _templates(tool))
    verbs = _gathered((template.phrasing.split()[0].lower(), template.action) for template in made)
    ends = _gathered((template.action, template.end) for template in made)
    begin = _any_of(re.escape(verb) for verb in verbs if not verb.startswith("{"))
    return Grammar(
        templates=made,
        verbs=verbs,
        ends={
            action: re.compile(_any_of(map(_literal, found - {""})), re.IGNORECASE) for action, found in ends.items()
        },
        last_words={action: own_words(" ".join(found)) for action, found in ends.items()},
        another=re.compile(rf"(?:\band|\bthen|,)\s+(?:then\s+)?{begin}\s", re.IGNORECASE),
    )


def neutral(phrasing: str) -> str:
    """A phrasing with `something` in place of each slot."""
    return _SLOT.sub(SOMETHING, phrasing)


def own_words(phrasing: str) -> frozenset[str]:
    """The words of a phrasing that tell what is wanted."""
    words = {word.strip(",:;").lower() for word in _SLOT.sub(" ", phrasing).split()}
    return frozenset(words - FUNCTION - ARTICLES - {""})


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _any_of(expressions: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(expressions)) or '(?!)'})"


def _templates(tool: Tool) -> Iterator[Template]:
    known = slots(tool.schema)
    required = {slot.name for slot in known.values() if slot.required}
    for phrasing in filter(str.strip, tool.examples):
        names = _SLOT.findall(phrasing)
        if required <= set(names) <= known.keys() and len(names) == len(set(names)):
            yield _template(tool.name, phrasing, known)


def _template(action: str, phrasing: str, known: dict[str, Slot]) -> Template:
    used = tuple(known[name] for name in _SLOT.findall(phrasing))
    start = phrasing.find("{") if used else len(phrasing)
    head, rest = phrasing[:start], phrasing[start:]
    tail = phrasing.rpartition("}")[2] if used and used[-1].kind not in TYPED else ""
    typed = any(slot.kind in TYPED for slot in used)
    verbal = bool(head) and opening(phrasing) == "does" and (typed or bool(own_words(rest)))
    return Template(
        action=action,
        phrasing=phrasing,
        exact=re.compile(_expression(phrasing, known), re.IGNORECASE | re.DOTALL),
        loose=re.compile(_VERB + _expression(rest, known), re.IGNORECASE | re.DOTALL) if verbal else None,
        slots=used,
        sure=len(own_words(phrasing)) > 1,
        states=opening(phrasing) == "tells",
        end=tail if own_words(tail) else "",
    )


def _expression(phrasing: str, known: dict[str, Slot]) -> str:
    """The regular expression of words and slots, each with the space before it."""
    return "".join(
        rf"\s+(?P<{name}>{pattern(known[name])})" if name else _word(word) for name, word in _TOKEN.findall(phrasing)
    )


def _literal(words: str) -> str:
    return "".join(map(_word, words.split()))


def _word(word: str) -> str:
    plain = word.rstrip(":,;")
    if plain.lower() in ARTICLES:
        return _ARTICLE
    spelled = _CONTRACTED.get(plain.lower()) or r"\s+" + _SPELLINGS.get(plain.lower(), re.escape(plain))
    return rf"{spelled}\s*[:,;-]?" if plain != word else rf"{spelled}[,:]?"
