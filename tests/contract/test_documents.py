"""The generated documents say what the contract says."""

from __future__ import annotations

import pytest

from daimon.commands.contract import documents
from daimon.contract.listing import EVENTS
from daimon.contract.vocabulary import example_of
from tests.architecture.source import ROOT


@pytest.mark.parametrize("name", documents())
def test_a_generated_document_is_current(name):
    written = (ROOT / "docs" / name).read_text()
    assert written == documents()[name], "run `bin/daimon contract`"


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.kind)
def test_every_kind_of_event_has_an_example_with_a_sentence(kind):
    assert example_of(kind).sentence() not in {"", kind.kind}
    assert f"| `{kind.kind}` |" in documents()["events.md"]
