"""Which steps of the schema are still to be applied."""

from __future__ import annotations

import pytest

from services.memory.migrations import Migration, Refusal, known, pending


def steps(*checksums: str) -> list[Migration]:
    return [
        Migration(number=number, name=f"{number:04}_step.sql", checksum=checksum)
        for number, checksum in enumerate(checksums, start=1)
    ]


def test_an_empty_database_gets_all_of_them():
    assert pending(steps("a", "b"), []) == steps("a", "b")


def test_only_what_is_missing_is_applied():
    assert pending(steps("a", "b"), steps("a")) == steps("a", "b")[1:]
    assert pending(steps("a", "b"), steps("a", "b")) == []


def test_a_newer_schema_is_refused():
    with pytest.raises(Refusal, match="made by a newer Daimon: its schema is 3, and this version knows 2"):
        pending(steps("a", "b"), steps("a", "b", "c"))


@pytest.mark.parametrize("applied", [steps("other"), steps("a", "b")[1:]])
def test_a_schema_that_is_not_what_the_steps_make_is_refused(applied):
    with pytest.raises(Refusal, match="half migrated"):
        pending(steps("a", "b"), applied)


def test_numbers_may_be_left_out():
    stepped = [steps("a")[0], Migration(number=20, name="0020_step.sql", checksum="b")]
    assert pending(stepped, steps("a")) == stepped[1:]
    assert pending(stepped, stepped) == []


def test_each_step_has_a_number_of_its_own_and_they_are_in_order():
    numbers = [step.number for step in known()]
    assert numbers == sorted(set(numbers))
