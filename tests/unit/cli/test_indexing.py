"""How far the indexes have come, in a line of `daimon status`."""

from __future__ import annotations

import pytest

from daimon.indexing import told
from proto.memory import Progress


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (Progress(sequence=9, events=1234, waiting=0), "1,234 events, all of them indexed"),
        (Progress(sequence=9, events=1234, waiting=57), "1,234 events, 57 wait for their vectors"),
        (
            Progress(sequence=9, events=12, waiting=5, engine="minilm", coming="ollama:x"),
            "12 events, 5 wait for vectors by ollama:x, minilm still answers",
        ),
        (
            Progress(sequence=9, events=12, waiting=1, relearning=8),
            "12 events, 1 wait for their vectors; 8 places are gone through for a language that was changed",
        ),
        (None, "memory does not answer; its indexes are not known"),
    ],
)
def test_what_waits_is_said(found, line):
    assert told(found) == line
