"""Moments of the past as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from proto import errors
from proto.moments import NOW, moment


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-20T14:05Z", datetime(2026, 11, 20, 14, 5, tzinfo=UTC)),
        ("2026-11-20 14:05+02:00", datetime(2026, 11, 20, 12, 5, tzinfo=UTC)),
        ("20261120T140500Z", datetime(2026, 11, 20, 14, 5, tzinfo=UTC)),
        (" 2026-11-20 14:05 ", local("2026-11-20T14:05:00")),
        ("2026-11-20", local("2026-11-20T23:59:59.999999")),
    ],
)
def test_a_time_is_read_in_its_zone_or_the_local_one(text, time):
    assert moment(text).time == time


def test_a_time_of_the_day_is_meant_today():
    today = datetime.now(UTC).astimezone().date()
    assert moment("14:05").time == local(f"{today}T14:05:00")


def test_a_number_is_a_place_in_the_log():
    assert moment("1234").sequence == 1234
    assert moment("1234").time == NOW.time


@pytest.mark.parametrize("text", ["", "yesterday-ish", "2026-13-01", "25:99", "-3", "9" * 40])
def test_what_is_no_time_is_answered_with_what_can_be_written(text):
    with pytest.raises(errors.Invalid, match=r"is no time that can be read\. Write 2026-11-20 14:05"):
        moment(text)
