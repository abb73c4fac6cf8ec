"""What somebody said, matched word by word against the phrasings of a menu."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from services.llm.reflex.grammar import SOMETHING, Grammar, Template
from services.llm.reflex.slots import Evidence, Slot, Value, plausible, value

LONGEST: Final = 2000
"""Characters; nobody says a command longer than that, but a pasted text may begin like one."""

_GREETING: Final = r"(?:hey|hi|hello|ok|okay|so|well|yo|now|then|daimon|assistant|computer)"
_LEADS: Final = re.compile(
    rf"^(?:{_GREETING}\b[\s,!.:]*"
    r"|(?:please|pls|plz|kindly|just|quickly|simply)\b[\s,]*"
    r"|(?:could|can|would|will)\s+(?:you|we)\b(?:\s+(?:please|kindly|just))?[\s,]*"
    r"|i(?:['\u2019]d|\s+would)\s+like\s+(?:you\s+)?to\b\s*"
    r"|i\s+want\s+(?:you\s+)?to\b\s*"
    r"|(?:(?:can|could|may)\s+i|let\s+me)\s+(?=(?:see|have|get|view)\b)"
    r"|(?:let['\u2019]?s|go\s+ahead\s+and|be\s+so\s+kind\s+(?:as\s+)?(?:to|and))\b\s*)+",
    re.IGNORECASE,
)
_TRAILS: Final = re.compile(
    r"(?:[\s,]+(?:please|pls|plz|thanks|thank\s+you|thx|for\s+me|right\s+now|now|asap|would\s+you|will\s+you|daimon))+$",
    re.IGNORECASE,
)
_STOP: Final = re.compile(r"(?<=[\w\"'\u201d\u2019`)\]])[.!?\u2026]+$")


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An action with its arguments, and what was said with `something` in place of each slot."""

    action: str
    arguments: dict[str, Value]
    neutral: str


def bare(said: str) -> str:
    """What was said without greeting, politeness and the stop at its end."""
    text, before = said[: LONGEST + 1].strip(), ""
    while before != text:
        before = text
        text = _STOP.sub("", _TRAILS.sub("", _LEADS.sub("", text)).strip())
    return text


def exact(said: str, menu: Grammar) -> Match | None:
    """The action whose own words cover most of what was said, if any."""
    if len(said) > LONGEST:
        return None
    found = [(template, each) for template in menu.templates if (each := template.exact.fullmatch(f" {said}"))]
    if not found:
        return None
    # Where the phrasing that fits best does not hold, one that fits worse is not what was meant.
    most = max(_own_length(*each) for each in found)
    held = (fill(template, each, menu) for template, each in found if _own_length(template, each) == most)
    return next((each for each in held if each), None)


def loose(said: str, menu: Grammar) -> Iterator[Match]:
    """Every action that what was said could be, if its verb is one that no other action has."""
    if len(said) > LONGEST or not said:
        return
    for action in dict.fromkeys(template.action for template in menu.templates if not template.slots):
        yield Match(action=action, arguments={}, neutral=said)
    users = menu.verbs.get(said.split(maxsplit=1)[0].lower(), frozenset())
    for template in menu.templates:
        if template.loose is None or (users and template.action not in users):
            continue
        if held := fill(template, template.loose.fullmatch(f" {said}"), menu):
            yield held


def fill(template: Template, found: re.Match[str] | None, menu: Grammar) -> Match | None:
    """Take the arguments from a match; None when one of them cannot be what it should."""
    if found is None:
        return None
    evidence: Evidence = "strong" if template.sure else "statement" if template.states else "weak"
    arguments: dict[str, Value] = {}
    for slot in template.slots:
        said = found[slot.name]
        read = value(slot, said) if plausible(slot, said, evidence) else None
        if read is None or _runs_on(template, said, menu):
            return None
        arguments[slot.name] = read
    return Match(action=template.action, arguments=arguments, neutral=_without(found, template.slots))


def _own_length(template: Template, found: re.Match[str]) -> int:
    return len(found[0]) - sum(len(found[slot.name]) for slot in template.slots)


def _runs_on(template: Template, said: str, menu: Grammar) -> bool:
    """Whether a slot holds the end of this request, or the beginning of another one."""
    if any(slot.kind == "command" for slot in template.slots):
        return False
    if menu.ends[template.action].search(f" {said}"):
        return True
    if template.sure:
        return False
    last = said.rsplit(maxsplit=1)[-1].lower()
    return last in menu.last_words[template.action] or menu.another.search(said) is not None


def _without(found: re.Match[str], used: tuple[Slot, ...]) -> str:
    text = found[0]
    for slot in sorted(used, key=lambda slot: -found.start(slot.name)):
        text = f"{text[: found.start(slot.name)]}{SOMETHING}{text[found.end(slot.name) :]}"
    return text.strip()
