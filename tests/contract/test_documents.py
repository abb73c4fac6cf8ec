"""The generated documents say what the contract says."""

from __future__ import annotations

import pytest

from daimon.commands.contract import documents
from tests.architecture.source import ROOT


@pytest.mark.parametrize("name", documents())
def test_a_generated_document_is_current(name):
    written = (ROOT / "docs" / name).read_text()
    assert written == documents()[name], "run `bin/daimon contract`"
