"""Daimon cites its own documents and source."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto import documents, errors, memory, own
from proto.base import Nothing

pytest_plugins = ("tests.integration.memory_fixtures",)
ROOT = Path(__file__).parents[2]
PATIENCE = 60


async def search(daimon, caller, query: str):
    return (await daimon.cli.call(own.SEARCH, own.SearchSelf(query=query), caller=caller, timeout=PATIENCE)).hits


async def test_why_something_is_so_is_cited_by_file_and_line(daimon, ada):
    hits = await search(daimon, ada, "The design asked for reciprocal rank fusion on conversations")
    found = {hit.name: hit for hit in hits}
    hit = found["docs/adr/0015-one-score-for-words-and-meaning.md"]
    line = int(hit.place.split()[1].partition("-")[0])
    assert (ROOT / hit.name).read_text().splitlines()[line - 1] in hit.text


async def test_source_is_found_by_its_names_and_read_on(daimon, ada):
    hits = await search(daimon, ada, "class Sealer")
    assert "services/memory/sealing.py" in {hit.name for hit in hits}
    request = own.ReadSelf(path="services/memory/sealing.py", limit=2)
    read = await daimon.cli.call(own.SOURCE, request, caller=ada, timeout=PATIENCE)
    assert read.texts[0].text.startswith('"""Sealing')
    assert read.texts[0].place.startswith("lines 1-")


@pytest.mark.parametrize("path", ["/etc/passwd", "../secrets", "services/memory/nothing.py"])
async def test_nothing_but_its_own_files_is_read(daimon, ada, path):
    with pytest.raises(errors.Missing, match=r"self\.search"):
        await daimon.cli.call(own.SOURCE, own.ReadSelf(path=path), caller=ada, timeout=PATIENCE)


async def test_its_own_files_are_nobodys_documents(daimon, ada):
    await search(daimon, ada, "anything")
    assert (await daimon.cli.call(documents.LIST, documents.ListDocuments(), caller=ada)).documents == ()
    request = documents.SearchDocuments(query="class Sealer")
    assert (await daimon.cli.call(documents.SEARCH, request, caller=ada)).hits == ()
    assert (await daimon.cli.call(memory.PROGRESS, Nothing())).waiting == 0
