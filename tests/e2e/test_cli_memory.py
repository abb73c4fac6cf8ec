"""The commands that prove, undo, look back, forget and export, as a person types them."""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from daimon.connection import connect
from proto import documents
from proto.base import new_id
from tests.support.whole import Whole


class Person:
    """Somebody at the command line, with a list of their own."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.name = f"person-{new_id()[-8:]}"

    async def does(self, *words: str, code: int = 0) -> str:
        ran = await self.whole.daimon(*words, "--user", self.name)
        assert ran.code == code, ran.err
        return ran.out if code == 0 else ran.err


@pytest.fixture
def person(reflex: Whole) -> Person:
    return Person(reflex)


async def test_undo_and_redo_say_what_they_did(person):
    await person.does("tasks", "add", "buy milk")
    await person.does("tasks", "rename", "milk", "buy bread")
    assert "Undo would undo: Renamed task 'buy milk' to 'buy bread'." in await person.does("undo", "--preview")
    assert await person.does("undo") == "Undid: Renamed task 'buy milk' to 'buy bread'\n"
    assert await person.does("redo") == "Did again: Renamed task 'buy milk' to 'buy bread'\n"
    assert "They can be undone together: `daimon undo --together`" in await person.does("undo", "added milk", code=1)
    await person.does("undo", "added milk", "--together")
    assert await person.does("tasks") == ""
    assert "There is nothing to undo." in await person.does("undo", code=1)


async def test_the_list_is_shown_as_it_was(person):
    await person.does("tasks", "add", "buy milk")
    then = datetime.now(UTC).isoformat()
    await person.does("tasks", "done", "milk")
    assert re.search(r"\[ \]  buy milk", await person.does("tasks", "--as-of", then))
    assert re.search(r"\[x\]  buy milk", await person.does("tasks"))
    refused = await person.does("tasks", "--as-of", "soon", code=2)
    assert "'soon' is no time that can be read. Write 2026-11-20 14:05" in refused
    assert "The past cannot be changed" in await person.does("tasks", "add", "x", "--as-of", then, code=1)


async def test_all_that_is_kept_of_a_person_is_in_one_archive(person, tmp_path: Path):
    await person.does("tasks", "add", "buy milk")
    async with connect(person.whole.home.path, person.name) as connection:
        kept = await connection.bus.objects(documents.FILES).put(person.name, _pieces(), limit=1000)
        added = documents.AddDocument(name="notes.txt", size=kept.size, sha256=kept.sha256)
        await connection.call(documents.ADD, added)
    file = tmp_path / "all.zip"
    assert "1 tasks and 1 files" in await person.does("export", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with ZipFile(file) as archive:
        lines = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
        assert {line["event"]["user"] for line in lines} == {person.name}
        assert {"task.added", "document.uploaded"} <= {line["event"]["kind"] for line in lines}
        assert json.loads(archive.read("tasks.jsonl"))["title"] == "buy milk"
        assert archive.read(f"files/{kept.sha256[:12]}-notes.txt") == b"some notes"
    assert "cannot be written: File exists" in await person.does("export", str(file), code=1)


async def _pieces():
    yield b"some notes"


async def test_recording_is_paused_and_resumed(person):
    assert await person.does("recording") == "Everything is recorded.\n"
    assert (await person.does("recording", "pause")).startswith("Recording is paused")
    assert await person.does("recording") == "Recording is paused.\n"
    await person.does("recording", "resume")
    assert await person.does("recording") == "Everything is recorded.\n"


async def test_forgetting_asks_first(person):
    added = json.loads(await person.does("tasks", "add", "a secret", "--json"))
    assert "say so with --yes" in await person.does("forget", added["event"], code=1)
    assert await person.does("forget", added["event"], "--yes") == "Forgot an event: 1 event\n"
    assert await person.does("tasks") == ""


async def test_the_log_is_proven_and_everything_made_anew(person):
    await person.does("tasks", "add", "buy milk")
    assert (await person.does("verify")).startswith("All is well: ")
    rebuilt = await person.does("rebuild")
    assert "CHANGED" not in rebuilt
    assert "0 rows were mended" in rebuilt


async def test_a_dry_run_says_what_starting_would_change(person):
    ran = await person.whole.daimon("migrate", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("The schema is up to date: step ")


async def test_the_status_says_how_far_the_indexes_have_come(person):
    await person.does("tasks", "add", "buy milk")
    ran = await person.whole.daimon("status")
    assert re.search(r"\d+ events, (all of them indexed|[\d,]+ wait for their vectors)", ran.out), ran.out


async def test_a_document_is_found_among_events_and_cited(person, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("# Kitchen\n\nBread and xylophones are in the pantry.\n")
    await person.does("upload", str(notes))
    await person.does("tasks", "add", "sell the xylophone")
    found = ""
    while "'notes.md', lines 1-3: # Kitchen Bread and xylophones" not in found:
        found = (await person.whole.daimon("search", "xylophone", "--user", person.name)).out
    while "sell the xylophone" not in found:
        found = (await person.whole.daimon("search", "xylophone", "--user", person.name)).out
