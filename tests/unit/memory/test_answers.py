"""A user's SQL: what goes to Postgres and how its answer reads."""

from __future__ import annotations

import pytest

from proto import errors, memory
from services.memory.asking import BYTES, cell, readable, rows, wrapped
from services.memory.store import Answer, SqlFailure

TEXT, INTEGER, FLOAT, NUMERIC, BOOLEAN = 25, 23, 701, 1700, 16


@pytest.mark.parametrize(
    ("oid", "value", "read"),
    [
        (INTEGER, b"42", 42),
        (INTEGER, None, None),
        (FLOAT, b"1.5", 1.5),
        (FLOAT, b"NaN", "NaN"),
        (FLOAT, b"-Infinity", "-Infinity"),
        (NUMERIC, b"12", 12),
        (NUMERIC, b"-1.25", -1.25),
        (NUMERIC, b"12345678901234567890", "12345678901234567890"),
        (BOOLEAN, b"t", True),
        (BOOLEAN, b"f", False),
        (TEXT, b"12", "12"),
        (TEXT, "é".encode(), "é"),
    ],
)
def test_a_value_reads_as_json_has_it_and_as_text_where_json_cannot(oid, value, read):
    found = cell(oid, value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(("count", "kept", "truncated"), [(0, 0, False), (200, 200, False), (201, 200, True)])
def test_a_row_too_many_is_left_out_and_said(count, kept, truncated):
    found = rows(Answer(columns=("n",), types=(INTEGER,), rows=[(b"1",)] * count))
    assert (len(found.rows), found.truncated) == (kept, truncated)


def test_a_sentence_counts_the_rows():
    assert rows(Answer(columns=("n",), types=(INTEGER,), rows=[(b"1",)])).sentence == "1 row"


def test_a_statement_is_wrapped_in_its_limits():
    text = wrapped("select '{rows}' -- {bytes}").decode()
    assert "\nselect '{rows}' -- {bytes}\n)" in text
    assert f"LIMIT {memory.ROW_LIMIT + 1}" in text
    assert f", {BYTES})" in text


@pytest.mark.parametrize(
    ("state", "kind", "says"),
    [
        ("57014", errors.TimedOut, "longer than 2 seconds"),
        ("DA001", errors.TooLarge, "larger than 500 kB"),
        ("42501", errors.Refused, "Only reading"),
        ("42601", errors.Invalid, "Ask one SELECT"),
        ("42P01", errors.Invalid, "The views are events, messages, tasks, conversations, commands"),
        ("53200", errors.TooLarge, "more memory or disk"),
        ("22012", errors.Invalid, "Postgres says: no. Hint: try"),
    ],
)
def test_a_refusal_says_what_to_do(state, kind, says):
    found = readable(SqlFailure(state, "no", "try"))
    assert type(found) is kind
    assert says in found.message
