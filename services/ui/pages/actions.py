"""The menu of actions."""

from __future__ import annotations

import re
from itertools import groupby

import msgspec

from proto.approvals import ActionRule
from proto.llm import MenuItem
from proto.ui import Html
from proto.ui_mind import ActionsPage
from services.ui.templating import page as render

TRIES = 4
"""Phrasings that are shown; the reflex knows more."""


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an action, as its JSON Schema describes it."""

    name: str
    type: str
    required: bool
    description: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One action in the menu."""

    item: MenuItem
    arguments: tuple[Argument, ...]
    tries: tuple[str, ...]
    """Some phrasings, with each argument's place left open."""
    rule: ActionRule | None
    """None where it is not known."""


class _Property(msgspec.Struct, frozen=True, kw_only=True):
    type: str | list[str] = "any"
    description: str = ""


class _Schema(msgspec.Struct, frozen=True, kw_only=True):
    properties: dict[str, _Property] = {}
    required: tuple[str, ...] = ()


def page(view: ActionsPage) -> Html:
    """Everything that can be asked for now, by service."""
    ordered = sorted(view.actions, key=lambda item: (item.service, item.name))
    rules = {rule.action: rule for rule in view.rules}
    groups = {
        name: tuple(entry(item, rules.get(item.name)) for item in items)
        for name, items in groupby(ordered, key=lambda item: item.service)
    }
    return render("actions.html", frame=view.frame, groups=groups, view=view, problem=view.problem)


def entry(item: MenuItem, rule: ActionRule | None = None) -> Entry:
    """An action with its arguments; a schema in a form we do not know shows none."""
    try:
        schema = msgspec.json.decode(item.schema, type=_Schema)
    except msgspec.DecodeError:
        schema = _Schema()
    arguments = tuple(_argument(name, found, name in schema.required) for name, found in schema.properties.items())
    tries = tuple(re.sub(r"\{\w+\}", "…", text) for text in item.phrasings[:TRIES])
    return Entry(item=item, arguments=arguments, tries=tries, rule=rule)


def _argument(name: str, found: _Property, required: bool) -> Argument:
    kind = found.type if isinstance(found.type, str) else " or ".join(found.type)
    return Argument(name=name, type=kind, required=required, description=found.description)
