"""What search is measured against, the files it is measured on, and how growth is drawn."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from daimon.bench.bm25 import Bm25, fused
from daimon.bench.locomo import moment, read
from daimon.bench.plot import Curve, draw
from services.memory.bench.main import sizes
from services.memory.bench.story import World

TALKS = Path(__file__).parents[2] / "e2e" / "talks.json"


def test_bm25_prefers_the_rare_word_and_the_short_text() -> None:
    plain = Bm25(["the cat sat", "the dog sat", "the cat sat on the wall with another one", "no"])
    assert plain.ranking("the cat") == [0, 2, 1]
    assert plain.ranking("unicorn") == []


def test_fusion_prefers_what_both_rankings_have() -> None:
    assert fused((["a", "b"], ["c", "b"]))[0] == "b"


def test_talks_are_read_with_who_said_what_when_and_what_was_shown() -> None:
    (talk,) = read(TALKS)
    assert len(talk.turns) == 12
    assert talk.turns[8].text == "Jonas: Look at this! [shows a photo of a grey cat on a wall]"
    assert talk.turns[0].time == datetime(2024, 3, 3, 9, 15, tzinfo=UTC)
    assert talk.turns[1].time > talk.turns[0].time
    assert {question.category for question in talk.questions} == {1, 2, 3, 4}
    assert talk.questions[2].evidence == {"D1:5", "D1:6"}


def test_times_of_noon_and_midnight_are_read() -> None:
    assert moment("12:09 am on 13 September, 2023").hour == 0
    assert moment("12:30 pm on 13 September, 2023").hour == 12


def test_a_plot_is_an_svg_with_a_line_a_curve_and_no_markup_from_names() -> None:
    svg = draw("a < b", [Curve(name="x & y", points=((10, 1), (1000, 50)))])
    root = ET.fromstring(svg)
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 1
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == 2


def test_a_log_grows_tenfold_from_size_to_size() -> None:
    assert sizes(1_000_000) == [10_000, 100_000, 1_000_000]
    assert sizes(5_000) == [5_000]


def test_the_same_seed_tells_the_same_story() -> None:
    one, other = (list(itertools.islice(World(3).tell(100), 100)) for _ in range(2))
    assert one == other
    assert len({told.kind for told in one}) > 3


def test_texts_about_the_same_are_nearer_than_others() -> None:
    world = World(3)
    told = [one for one in world.tell(3000) if one.kind == "chat.asked"]
    vectors = np.array([world.vector(one.text) for one in told])
    likeness = vectors @ vectors.T
    same = np.array([[one.topic == other.topic for other in told] for one in told])
    np.fill_diagonal(likeness, np.nan)
    assert np.nanmean(likeness[same]) > np.nanmean(likeness[~same]) + 0.1
