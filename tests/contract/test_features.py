"""The list of features names each row of the mission once, and only tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/features.md").read_text()
MISSION = {"A": 13, "B": 9, "C": 6, "D": 12, "E": 10}
TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}


def test_every_row_of_the_mission_stands_there_once():
    works = re.findall(r"^\| ([A-E]\d+) \|", PAGE, re.MULTILINE)
    (begun,) = re.findall(r"^Not begun: (.*)\.$", PAGE, re.MULTILINE)
    wanted = [f"{letter}{number}" for letter, most in MISSION.items() for number in range(1, most + 1)]
    assert sorted([*works, *begun.split(", ")]) == sorted(wanted)


def test_the_tests_that_keep_a_row_are_there():
    named = set(re.findall(r"test_\w+\.py", PAGE))
    assert named <= TESTS
    folders = re.findall(r"`(tests/[\w/]+)`", PAGE)
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_the_tests_that_keep_what_is_said_of_turns_are_there():
    page = (ROOT / "docs/turns.md").read_text()
    named = re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", page)
    assert len(named) > 20
    gone = [(path, test) for path, test in named if f"def {test}" not in (ROOT / path).read_text()]
    assert gone == []
