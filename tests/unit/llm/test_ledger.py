"""The rules of approval, as the log makes them."""

from __future__ import annotations

import msgspec
import pytest

from proto.approvals import RuleSet
from proto.base import Caller
from proto.chat import ToolUse
from proto.events import Recorded, happened
from proto.llm import MenuItem
from services.llm.menu.ledger import Ledger
from tests.support.menu import catalogue

ADA = Caller(user="ada")


def item(name="mail.send", **fields):
    return MenuItem(name=name, description="", schema=msgspec.Raw(b"{}"), service="mail", subject="", **fields)


def ledger(*rules):
    found = Ledger()
    for place, rule in enumerate(rules, start=1):
        found.apply(Recorded(sequence=place, event=happened(rule, ADA)))
    return found


def used(action, ok=True):
    return ToolUse(call="t/1/0", action=action, arguments="{}", ok=ok)


@pytest.mark.parametrize(
    ("risk", "tainted", "rule"),
    [
        ("read", False, "allow"),
        ("read", True, "allow"),
        ("change", False, "allow"),
        ("change", True, "ask"),
        ("outside", False, "ask"),
        ("outside", True, "ask"),
    ],
)
def test_without_a_choice_the_risk_decides(risk, tainted, rule):
    assert ledger().ruling(item(risk=risk), tainted=tainted) == rule


@pytest.mark.parametrize("rule", ["allow", "ask", "deny"])
@pytest.mark.parametrize("tainted", [False, True])
def test_what_was_chosen_counts_whatever_was_read(rule, tainted):
    chosen = ledger(RuleSet(action="mail.send", rule=rule))
    assert chosen.ruling(item(risk="outside"), tainted=tainted) == rule


def test_a_choice_can_be_taken_back():
    chosen = ledger(RuleSet(action="mail.send", rule="allow"), RuleSet(action="mail.send", rule=None))
    assert chosen.ruling(item(risk="outside"), tainted=False) == "ask"


def test_what_stays_in_the_box_does_not_ask_after_each_command():
    menu = catalogue().items
    assert ledger().foreign(menu["sandbox.run"])
    assert ledger().ruling(menu["sandbox.run"], tainted=True) == "allow"
    assert ledger().ruling(menu["tasks.add"], tainted=True) == "ask"


@pytest.mark.parametrize(
    ("read", "through"),
    [
        ([used("tasks.list")], ""),
        ([used("sandbox.run")], "sandbox.run"),
        ([used("sandbox.run", ok=False)], "sandbox.run"),
        ([used("sandbox.run", ok=None)], ""),
        ([used("tasks.list"), used("left.away")], "left.away"),
        ([used("invented.name", ok=False)], ""),
    ],
    ids=["our own words", "a command's output", "its errors too", "not back yet", "a program that left", "never ran"],
)
def test_the_model_has_read_others_words_once_they_came_back(read, through):
    assert ledger().taint(read, catalogue().items) == through


def test_a_program_cannot_declare_its_results_trusted():
    said = {"action": "mail.read", "foreign": "false", "contained": "true"}
    found = catalogue(("mail", "daimon.do.*.*.mail.read", said)).items["mail.read"]
    assert (found.foreign, found.contained) == (True, False)


def test_results_that_the_user_trusts_are_trusted():
    trusting = ledger(RuleSet(action="sandbox.run", rule=None, foreign=False))
    assert trusting.taint([used("sandbox.run")], catalogue().items) == ""
