"""Retrieval quality, measured through a whole Daimon on a small file of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from daimon.bench import recall
from proto import errors

TALKS = Path(__file__).with_name("talks.json")


@pytest.mark.timeout(300)
async def test_search_finds_what_answers_the_questions():
    found = await recall.run(1, TALKS)
    assert found["recall"].value >= 0.9
    assert found["recall"].value >= found["bm25"].value
    assert {"dense", "fusion", "recall_1", "recall_4", "recall_held_out"} <= found.keys()


async def test_a_file_of_another_kind_is_refused_before_anything_starts(tmp_path):
    other = tmp_path / "other.json"
    other.write_text('{"conversation": 1}')
    with pytest.raises(errors.Invalid, match="LoCoMo"):
        await recall.run(1, other)
