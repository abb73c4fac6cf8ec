"""`daimon bench` measures a system of its own and says so in the form that scripts read."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from daimon.bench.report import Report
from daimon.up.home import Home
from tests.support.whole import Whole


def untouched(home: Path) -> bool:
    return not list(home.iterdir())


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("bench", "figures"),
    [
        ("events", {"acknowledged", "times_one_by_one", "committed", "drained", "committed_of_raw", "lag_p99"}),
        ("do", {"command", "action"}),
        ("ghost", {"right", "times_baseline", "shown", "foretold", "event"}),
        ("boot", {"first_start", "second_start", "memory_idle", "packages"}),
        ("sandbox", {"warm_p50", "warm_p99", "new_box", "idle_100", "flood_grew"}),
        ("stream", {"first_token_api", "first_token_page", "lag_page", "relay_page", "bytes_4x", "crowd_failed"}),
    ],
)
async def test_a_bench_prints_its_figures_with_their_goals(tmp_path: Path, bench: str, figures: set[str]) -> None:
    ran = await Whole(Home(path=tmp_path)).daimon("bench", bench, "--json", "--rounds", "1", within=240)
    assert ran.code == 0, ran.err
    report = msgspec.json.decode(ran.out, type=Report)
    assert report.bench == bench
    assert figures <= report.figures.keys()
    assert any(figure.value > 0 for figure in report.figures.values())
    assert any(figure.goal for figure in report.figures.values())
    assert untouched(tmp_path)


@pytest.mark.timeout(300)
async def test_the_bench_of_pages_fills_a_log_and_opens_every_page_in_a_browser_too(tmp_path: Path) -> None:
    words = ("--json", "--rounds", "1", "--size", "5200", "--conversations", "20")
    ran = await Whole(Home(path=tmp_path)).daimon("bench", "ui", *words, within=240)
    assert ran.code == 0, ran.err
    figures = msgspec.json.decode(ran.out, type=Report).figures
    assert figures["written"].value > 0
    assert 0 < figures["p95 /undo"].value <= figures["slowest_page"].value
    if shutil.which("chromium"):
        assert figures["opening_in_browser"].value > 0
        assert {"layout_shift", "interaction_chat", "interaction_tasks"} <= figures.keys()
    assert untouched(tmp_path)


async def test_an_unknown_bench_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    ran = await Whole(Home(path=tmp_path)).daimon("bench", "speed")
    assert ran.code == 2
    assert "boot" in ran.err
