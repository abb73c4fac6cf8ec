"""Boxes that a killed service left behind are ended, and nothing else is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.sandbox import orphans


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def forge(path: Path, born: str, owner: int, owner_born: str) -> None:
    path.write_text(f"{born} {owner} {owner_born}")


def test_a_process_of_a_living_service_stays(tmp_path: Path, process: subprocess.Popen[bytes]):
    note = orphans.record(tmp_path / "alive", process.pid)
    assert orphans.end(tmp_path / "alive") == 0
    assert process.poll() is None
    assert note.exists()


def test_a_process_of_a_dead_service_is_killed(tmp_path: Path, process: subprocess.Popen[bytes]):
    note = orphans.record(tmp_path, process.pid)
    born = note.read_text().split()[0]
    forge(note, born, 2**22 - 1, "12345")
    assert orphans.end(tmp_path) == 1
    assert process.wait(5) == -9
    assert not note.exists()


def test_another_process_with_the_same_number_is_not(tmp_path: Path, process: subprocess.Popen[bytes]):
    note = orphans.record(tmp_path, process.pid)
    forge(note, "1", 2**22 - 1, "12345")
    assert orphans.end(tmp_path) == 0
    assert process.poll() is None
    assert not note.exists()


def test_a_damaged_note_is_dropped(tmp_path: Path):
    (tmp_path / "123").write_text("")
    assert orphans.end(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
