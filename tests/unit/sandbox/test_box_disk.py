"""A box's files are counted as they are, not as they pretend to be."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from services.sandbox.disk import DEEPEST, Gauge, measure

MIB = 1024 * 1024


def write(path: Path, size: int) -> None:
    path.write_bytes(os.urandom(size))


def test_files_are_counted_by_what_they_take_on_disk(tmp_path: Path):
    write(tmp_path / "a", MIB)
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder" / "b", MIB)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(100 * MIB)
    usage = measure(tmp_path)
    assert 2 * MIB <= usage.size < 3 * MIB
    assert usage.names == 4


def test_a_file_with_many_names_counts_once(tmp_path: Path):
    write(tmp_path / "a", MIB)
    for number in range(10):
        (tmp_path / f"link{number}").hardlink_to(tmp_path / "a")
    assert measure(tmp_path).size < 2 * MIB


def test_links_are_not_followed(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    write(outside / "big", MIB)
    box = tmp_path / "box"
    box.mkdir()
    (box / "link").symlink_to(outside)
    (box / "circle").symlink_to(box)
    assert measure(box).size < MIB


def test_a_closed_folder_hides_nothing(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir()
    write(closed / "big", MIB)
    closed.chmod(0)
    usage = measure(tmp_path)
    assert usage.size >= MIB
    assert not usage.hidden


def test_a_tree_too_deep_to_count_is_noticed(tmp_path: Path):
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEEPEST + 2):
        os.mkdir("deeper", dir_fd=folder)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    assert measure(tmp_path).hidden


async def grown(gauge: Gauge) -> None:
    """Wait for the gauge to see it: at once, or at its next round when others freed as much of this disk meanwhile."""
    async with asyncio.timeout(10):
        while not await gauge.grew():
            await asyncio.to_thread(os.sched_yield)


async def test_a_box_is_full_until_something_is_deleted(tmp_path: Path):
    gauge = Gauge(tmp_path, size=MIB, names=10)
    assert not await gauge.grew()
    write(tmp_path / "big", 2 * MIB)
    await grown(gauge)
    assert "1 MiB" in gauge.over
    assert not await gauge.grew()
    (tmp_path / "big").unlink()
    assert not await gauge.grew()
    assert gauge.over == ""


async def test_a_box_that_was_full_from_the_start_did_not_grow(tmp_path: Path):
    write(tmp_path / "big", 2 * MIB)
    gauge = Gauge(tmp_path, size=MIB, names=10)
    assert not await gauge.grew()
    assert gauge.over


async def test_many_small_files_are_too_many(tmp_path: Path):
    gauge = Gauge(tmp_path, size=MIB, names=3)
    await gauge.grew()
    for number in range(2 * MIB // 4096):
        write(tmp_path / str(number), 1)
    await grown(gauge)
