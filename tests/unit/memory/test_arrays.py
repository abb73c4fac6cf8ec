"""Columns as Postgres reads arrays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.memory.arrays import array


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([], "{}"),
        (["", "NULL", "a b"], '{"","NULL","a b"}'),
        (['say "hi"', "C:\\dir", "{1,2}", "x','y"], '{"say \\"hi\\"","C:\\\\dir","{1,2}","x\',\'y"}'),
        (["x\0y", "z"], '{"x\0y","z"}'),
        ([1, None, -3], "{1,NULL,-3}"),
        ([True, False], "{True,False}"),
        ([b"\x00\xff", b""], '{"\\\\x00ff","\\\\x"}'),
        ([datetime(2026, 11, 24, 14, 5, tzinfo=UTC)], '{"2026-11-24T14:05:00+00:00"}'),
        ([0.5], "{0.5}"),
    ],
)
def test_values_are_written_as_an_array(values, written):
    assert array(values) == written
