"""Output of programs as rows: what a terminal would show of a line, in colour, and nothing that could do harm."""

from __future__ import annotations

import pytest

from proto.jobs import Job, Over, Printed
from proto.printing import Row
from services.gateway.terminal.paper import Paper
from services.gateway.terminal.printouts import ROWS, TAIL, Printout
from services.runtime.bus import Interrupted
from tests.unit.ui.views import NOON


def text(row: Row) -> str:
    return "".join(span.text for span in row.spans)


def looks(row: Row) -> list[tuple[str, str]]:
    return [(span.text, span.style) for span in row.spans]


def shown(printed: str, columns: int = 80) -> list[str]:
    paper = Paper(columns)
    return [text(row) for row in (*paper.take(printed), paper.open)]


@pytest.mark.parametrize(("printed", "rows"), [
    ("one\r\ntwo\n", ["one", "two", ""]),
    ("10%\r 20%\r100%", ["100%"]),
    ("abc\b\bX", ["aXc"]),
    ("abc\r\x1b[Kd", ["d"]),
    ("abcdef\x1b[3D\x1b[K!", ["abc!"]),
    ("a\tb", ["a       b"]),
    ("abc\r\x1b[@x", ["xabc"]),
    ("abc\r\x1b[Px", ["xc"]),
    ("a\x1b[4Cb", ["a    b"]),
    ("\x1b]0;a title\x07\x1b[?2004h\x1b(B$ ", ["$ "]),
    ("\x1b[2J\x1b[1;1Hhello\x07\x00\x85", ["hello"]),
    ("abcdefgh", ["abcd", "efgh"]),
])  # fmt: skip
def test_a_line_reads_as_in_a_terminal(printed, rows):
    assert shown(printed, 4 if printed == "abcdefgh" else 80) == rows


def test_colours_and_weights_are_classes():
    paper = Paper(80)
    (row,) = paper.take("a\x1b[1;31mb\x1b[0mc\x1b[38;5;12md\x1b[38;2;1;2;3;4me\x1b[39;24mf\x1b[107mg\n")
    assert looks(row) == [
        ("a", ""), ("b", "bold f1"), ("c", ""), ("d", "f12"), ("e", "f12 underline"), ("f", ""), ("g", "b15"),
    ]  # fmt: skip


def test_what_is_cut_anywhere_reads_the_same():
    printed = "x\x1b[1;32mgreen\x1b[0m\r\n\x1b]0;title\x1b\\$ \x1b[?2004hls\b\x1b[K\n"
    whole = Paper(80)
    expected = whole.take(printed)
    paper = Paper(80)
    assert [row for character in printed for row in paper.take(character)] == list(expected)


def test_a_style_is_never_what_a_program_prints():
    paper = Paper(80)
    hostile = '\x1b["><script>m\x1b[31;999999999999999999;"onload=m<b>\x1b[1mok\n'
    for row in paper.take(hostile):
        assert {word for span in row.spans for word in span.style.split()} <= {"bold", "f1"}


def test_a_sequence_that_never_ends_is_not_waited_for():
    paper = Paper(80)
    paper.take("\x1b[" + "1" * 100)
    assert text(paper.open) == ""
    rows = [row for _ in range(20) for row in paper.take("1" * 100)]
    assert len(rows) > 20
    (row,) = paper.take("\nafter\n")[1:]
    assert text(row) == "after"


def job(**changed) -> Job:
    return Job(**{"id": "a1", "command": "x", "state": "running", "started": NOON, "seconds": 1, **changed})


async def test_a_piece_that_came_twice_is_shown_once_and_one_that_is_missing_is_noticed():
    printout = Printout(job())
    await printout.begin([Printed(offset=0, text="one\n")])
    told = await printout.go_on([Printed(offset=0, text="one\n"), Printed(offset=2, text="e\ntwo")])
    assert (told.rows, text(told.open), told.whole) == ((), "two", False)
    with pytest.raises(Interrupted):
        await printout.go_on([Printed(offset=9, text="four")])


async def test_output_whose_beginning_is_not_kept_any_more_is_shown_from_where_it_is():
    printout = Printout(job())
    told = await printout.begin([Printed(offset=100, text="one\n")])
    assert [text(row) for row in told.rows] == ["one"]
    assert printout.cut
    assert [text(row) for row in (await printout.go_on([Printed(offset=104, text="two\n")])).rows] == ["two"]


async def test_of_much_output_a_page_gets_the_end():
    printout = Printout(job())
    told = await printout.begin([Printed(offset=0, text="x\n" * TAIL), Printed(offset=2 * TAIL, text="last\n")])
    assert printout.cut
    assert len(told.rows) == ROWS
    assert text(told.rows[-1]) == "last"


async def test_a_page_that_stays_open_does_not_grow_without_end():
    printout = Printout(job())
    await printout.begin([])
    given, offset, anew = 0, 0, 0
    for _ in range(20):
        told = await printout.go_on([Printed(offset=offset, text="y\n" * 1000)])
        offset += 2000
        given = len(told.rows) if told.whole else given + len(told.rows)
        anew += told.whole
        assert given <= 2 * ROWS
    assert anew


async def test_the_end_is_told_with_its_code_and_its_limit():
    told = await Printout(job()).begin([Over(exit_code=137, note="It ran out of memory.")])
    assert not told.running
    assert told.standing == "Ended with exit code 137. It ran out of memory."
    assert (await Printout(job(state="lost")).begin([])).standing == "Was lost with its box."
