"""Named statements."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import services.memory
from services.memory.queries import numbered, query, split

FOLDER = Path(services.memory.__file__).parent


def test_a_file_is_split_at_its_names():
    found = split("-- about the file\n\n-- name: one\nSELECT 1\n\n-- name: two\nSELECT\n    2\n")
    assert found == {"one": "SELECT 1", "two": "SELECT\n    2"}


def test_a_name_stands_for_one_statement():
    with pytest.raises(ValueError, match="same name"):
        split("-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n")


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        query("nothing")


def test_a_name_has_one_number_wherever_it_stands():
    statement = numbered("SELECT %(one)s, %(two)s WHERE a = %(one)s AND b % 2 = 0")
    assert statement.text == b"SELECT $1, $2 WHERE a = $1 AND b % 2 = 0"
    assert statement.names == ("one", "two")


def test_every_statement_is_used_and_every_used_one_exists():
    files = [file.read_text() for file in (FOLDER / "sql").iterdir() if file.suffix == ".sql"]
    written = {name for text in files for name in split(text)}
    source = "\n".join(file.read_text() for file in FOLDER.rglob("*.py"))
    calls = re.findall(r'(?:\.fetch|\.run|\bquery)\(\s*(?:\w+(?:\.\w+)?,\s*)?"(\w+)"', source)
    parts = written & set(re.findall(r"\{(\w+)\}", "\n".join(files)))
    assert set(calls) | parts == written
