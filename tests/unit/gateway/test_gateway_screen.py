"""The screen of a terminal: what programs with a screen send, and what hostile ones do."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from proto.errors import Invalid
from proto.jobs import Item, Job, Over, Printed, Resized
from proto.printing import Row
from services.gateway.terminal.keystrokes import size, typed
from services.gateway.terminal.painting import BACK, FLOOD, TAIL, WORK, Painting
from services.gateway.terminal.screen import MOST_COLUMNS, MOST_ROWS, Screen
from services.runtime.bus import Interrupted


def told(row: Row) -> str:
    return "".join(span.text for span in row.spans).rstrip()


def shown(screen: Screen) -> list[str]:
    rows = [told(row) for _, row in screen.all()]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def painted(text: str, rows: int = 5, columns: int = 20) -> Screen:
    screen = Screen(rows, columns)
    screen.take(text)
    return screen


def styles(screen: Screen, number: int = 0) -> list[tuple[str, str]]:
    return [(span.text, span.style) for span in screen.all()[number][1].spans]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("one\r\ntwo", ["one", "two"]),
        ("\x1b[3;5Hthere", ["", "", "    there"]),
        ("abc\x1b[2Dx", ["axc"]),
        ("abc\r\x1b[K", []),
        ("a\r\nb\r\nc\x1b[2;1H\x1b[M", ["a", "c"]),
        ("a\r\nb\x1b[1;1H\x1b[L", ["", "a", "b"]),
        ("abcdef\x1b[2G\x1b[3P", ["aef"]),
        ("abcdef\x1b[2G\x1b[2X", ["a  def"]),
        ("a\x1b[4bz", ["aaaaaz"]),
        ("\x1b(0lqk\x1b(B", ["┌─┐"]),
        ("日本", ["日本"]),
        ("a\r\nb\r\nc\x1b[1S", ["b", "c"]),
        ("a\r\nb\x1b[1T", ["", "a", "b"]),
        ("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nx", ["a", "c", "x", "d"]),
        ("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1bMx", ["a", "x", "b", "d"]),
        ("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1b[9Lx", ["a", "x", "", "d"]),
        ("a\r\nb\r\nc\r\nd\x1b[2;1H\x1b[J", ["a"]),
        ("a\r\nb\r\nc\r\nd\x1b[3;2H\x1b[1J", ["", "", "", "d"]),
        ("1234567890123456789012", ["12345678901234567890", "12"]),
        ("\x1b]0;a title\x07text", ["text"]),
        ("x\x1b[>4;2my\x1b[?2004hz", ["xyz"]),
    ],
)
def test_what_is_printed_stands_where_it_belongs(text: str, rows: list[str]):
    assert shown(painted(text)) == rows


def test_a_sequence_that_comes_in_two_pieces_is_one():
    screen = painted("ab\x1b[1")
    screen.take("Dx")
    assert shown(screen) == ["ax"]


def test_a_program_with_a_screen_gives_it_back_as_it_was():
    screen = painted("$ vim\r\n\x1b[?1049h\x1b[H\x1b[2Jtext\x1b[5;1H~")
    assert shown(screen) == ["text", "", "", "", "~"]
    screen.take("\r\n" * 9)
    assert screen.gone() == ()
    screen.take("\x1b[?1049l$ ")
    assert shown(screen) == ["$ vim", "$"]


def test_what_goes_off_the_top_is_kept_in_order_and_told_once():
    screen = painted("".join(f"{n}\r\n" for n in range(8)))
    assert [told(row) for row in screen.gone()] == ["0", "1", "2", "3"]
    assert screen.gone() == ()
    assert shown(screen) == ["4", "5", "6", "7"]


def test_what_is_rolled_off_the_top_is_kept_too():
    screen = painted("a\r\nb\r\nc\x1b[2S")
    assert [told(row) for row in screen.gone()] == ["a", "b"]
    assert shown(screen) == ["c"]
    screen.take("\x1b[9999S")
    assert len(screen.gone()) == 5


def test_what_is_erased_has_the_colour_that_was_set():
    screen = painted("text\x1b[44m\x1b[2J\x1b[0m", rows=2, columns=5)
    assert [(span.text, span.style) for span in screen.all()[0][1].spans] == [("    ", "b4"), (" ", "b4 cursor")]


def test_colours_and_weights_become_classes_and_other_colours_the_nearest():
    named = "\x1b[1;31mred\x1b[0m \x1b[7mturned\x1b[27m\x1b[44m\x1b[92mboth\x1b[0m"
    screen = painted(f"{named}\x1b[38;5;196mfar\x1b[38;2;1;2;250mown", columns=40)
    assert styles(screen) == [
        ("red", "bold f1"),
        (" ", ""),
        ("turned", "inverse"),
        ("both", "f10 b4"),
        ("far", "f9"),
        ("own", "f4"),
        (" ", "cursor"),
    ]


def test_the_cursor_is_shown_where_it_is_unless_it_is_hidden():
    screen = painted("ab\x1b[1D")
    assert styles(screen) == [("a", ""), ("b", "cursor")]
    screen.take("\x1b[?25l")
    assert styles(screen) == [("ab", "")]


def test_only_rows_that_changed_are_told():
    screen = painted("one\r\ntwo\r\nthree")
    screen.all()
    screen.take("\x1b[1;1HO")
    assert [number for number, _ in screen.changed()] == [0, 2]
    assert screen.changed() == []


def test_a_smaller_screen_keeps_the_end_and_a_larger_one_the_rest():
    screen = painted("a\r\nb\r\nc\r\nd")
    screen.resize(2, 20)
    assert [told(row) for row in screen.gone()] == ["a", "b"]
    assert shown(screen) == ["c", "d"]
    screen.resize(6, 30)
    assert shown(screen) == ["c", "d"]
    screen.take("\r\nmore")
    assert shown(screen) == ["c", "d", "more"]


def test_room_below_goes_before_lines_above():
    screen = painted("a\r\nb")
    screen.resize(3, 20)
    assert screen.gone() == ()
    assert shown(screen) == ["a", "b"]


def test_no_size_is_believed_that_would_fill_the_memory():
    screen = Screen(100_000, 100_000)
    screen.take("\x1b[9999;9999Hx")
    assert len(screen.all()) == MOST_ROWS
    assert max(len(told(row)) for _, row in screen.all()) == MOST_COLUMNS


@pytest.mark.parametrize("seed", range(40))
def test_nothing_that_a_program_prints_breaks_the_screen(seed: int):
    chance = random.Random(seed)
    ends = "@ABCDEFGHIJKLMPSTXZ`abcdefghlmnqrsux"
    screen = Screen(10, 40)
    for _ in range(400):
        values = ["", "0", "1", "3", "47", "2004", "9999", "123456789"]
        numbers = ";".join(chance.choice(values) for _ in range(chance.randrange(5)))
        piece = chance.choice(
            [
                f"\x1b[{chance.choice(['', '?', '>', '!'])}{numbers}{chance.choice(ends)}",
                f"\x1b{chance.choice('78DEHMc=>(#)Z')}{chance.choice('0B8x')}",
                f"\x1b[38;{chance.choice(['5', '2', '7'])};{numbers}m",
                chance.choice(
                    ["text", "日本", "e\u0301", "\u200d", "\x9b", "\x0e", "\t", "\n" * 30, "x" * 300, "\x1b]0;"]
                ),
            ]
        )
        screen.take(piece)
        if chance.random() < 0.05:
            screen.resize(chance.randrange(1, 60), chance.randrange(1, 200))
        rows = screen.changed()
        assert all(0 <= number < screen.rows for number, _ in rows)
        screen.gone()


def test_a_flood_of_saved_places_takes_no_memory():
    screen = Screen(10, 40)
    screen.take("\x1b7" * 100_000)
    assert len(screen._cells.savepoints) <= 16


HEAVY = [
    *("\x1b[99999L", "\x1b[200S", "\x1b[200T", "\x1b[?1049h\x1b[?1049l", "\x1b[2J", "\x1b[44m\x1b[2J"),
    *("\x1b[?5h\x1b[?5l", "x\x1b[400b", "\x1b[4hab", "\n", "\x1bM", "\x1b[400@", "\x1b[1;2r\n", "\x1bc"),
]


WHOLE = "".join(f"\x1b[{row}H\x1b[3{row % 8}m{'x' * MOST_COLUMNS}" for row in range(1, MOST_ROWS + 1))


@pytest.mark.parametrize("flood", HEAVY)
def test_the_heaviest_sequences_take_little_time(flood: str):
    screen = painted(WHOLE, MOST_ROWS, MOST_COLUMNS)
    began = time.process_time()
    for part in screen.parts(flood * (FLOOD // len(flood)), WORK + screen.area):
        screen.follow(part)
    assert time.process_time() - began < 2


async def test_others_have_their_turn_while_a_flood_is_painted():
    painting = Painting(replace(job(), rows=MOST_ROWS, columns=MOST_COLUMNS))
    await painting.begin(printed(WHOLE))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await painting.go_on([Printed(offset=len(WHOLE), text="\x1b[2J" * (FLOOD // 4))])
    beside.cancel()
    assert turns >= 40


@pytest.mark.parametrize("times", [5000, 50_000])
async def test_of_too_much_work_the_end_is_painted_in_the_modes_set_before_it(times: int):
    painting = Painting(job())
    await painting.begin(printed("before"))
    heavy = "\x1b[?1049h\x1b[?2004h\x1b[1;1H" + "\x1b[2J" * times
    after = await painting.go_on([Printed(offset=6, text=f"{heavy}\x1b[1;1Hthe end")])
    assert [told(each.row) for each in after.changed if told(each.row)] == ["the end"]
    assert after.modes == "paste"
    after = await painting.go_on([Printed(offset=6 + len(heavy) + 13, text="\x1b[?1049l!")])
    assert told(after.changed[0].row) == "before!"


async def test_a_screen_of_all_colours_and_marks_still_fits_into_one_message():
    painting = Painting(replace(job(), rows=MOST_ROWS, columns=MOST_COLUMNS))
    look = "\x1b[0;1;3;4;7;95;105m"
    loud = "".join(f"{look}日\x1b[23mb\u0301\u0302\u0303" for _ in range(MOST_COLUMNS // 3)) + "\r\n"
    given = await painting.begin(printed(loud * (TAIL // len(loud))))
    assert len(msgspec.json.encode(given)) < 900_000
    quiet = await Painting(job()).begin(printed("\x1b[1ma\x1b[0mb\r\n" * 2000))
    assert len(quiet.back) == BACK, "an ordinary screen keeps all of its rows"


@pytest.mark.parametrize("flood", ["\u0301", "b\b" + "\u0301" * 8, "\u0301\x0e", "\u0327\u0301"])
def test_a_flood_of_marks_on_one_letter_takes_neither_time_nor_room(flood: str):
    screen = Screen(10, 40)
    began = time.process_time()
    screen.take("a" + flood * (FLOOD // len(flood)))
    assert time.process_time() - began < 2
    assert sum(len(told(row)) for _, row in screen.all()) < 100


def test_a_letter_keeps_the_marks_that_it_needs():
    assert shown(painted("e\u0323\u0302x")) == ["\u1ec7x"]


def job() -> Job:
    now = datetime.now(UTC)
    return Job(id="j", command="", state="running", kind="terminal", started=now, seconds=0, rows=5, columns=20)


def printed(*texts: str) -> list[Item]:
    offset, found = 0, []
    for text in texts:
        found.append(Printed(offset=offset, text=text))
        offset += len(text)
    return found


async def test_a_page_is_given_the_screen_and_then_what_changes():
    painting = Painting(job())
    whole = await painting.begin(printed("one\r\n", "two"))
    assert whole.whole
    assert [told(each.row) for each in whole.changed] == ["one", "two", "", "", ""]
    after = await painting.go_on([Printed(offset=8, text="!"), Over(exit_code=0)])
    assert [(each.at, told(each.row)) for each in after.changed] == [(1, "two!")]
    assert not after.running
    with pytest.raises(Interrupted):
        await painting.go_on([Printed(offset=90, text="missed something")])


async def test_a_size_in_the_feed_holds_from_there_on():
    painting = Painting(job())
    told_of = await painting.begin([*printed("a"), Resized(rows=3, columns=10)])
    assert (told_of.rows, len(told_of.changed)) == (3, 3)


async def test_of_a_flood_the_end_is_painted_and_quickly():
    painting = Painting(job())
    await painting.begin([])
    text = "a line of some text\r\n" * 100_000
    began = time.process_time()
    after = await painting.go_on([Printed(offset=0, text=f"{text}the end")])
    assert told(after.changed[-1].row) == "the end"
    assert len(after.back) <= BACK
    assert time.process_time() - began < 5
    assert FLOOD < TAIL < len(text)


@pytest.mark.parametrize(
    ("keys", "modes", "text"),
    [
        (["l", "s", "Enter"], "", "ls\r"),
        (["C-c", "C-d", "C-[", "C- "], "", "\x03\x04\x1b\0"),
        (["A-b", "A-Enter"], "", "\x1bb\x1b\r"),
        (["ArrowUp", "Home"], "", "\x1b[A\x1b[H"),
        (["ArrowUp"], "arrows", "\x1bOA"),
        (["C-ArrowLeft", "S-ArrowUp"], "arrows", "\x1b[1;5D\x1b[1;2A"),
        (["F1", "F5", "F12", "Delete", "S-PageUp"], "", "\x1bOP\x1b[15~\x1b[24~\x1b[3~\x1b[5;2~"),
        (["Backspace", "Tab", "Escape"], "", "\x7f\t\x1b"),
        (["ä", "€", "S-Process", "Unidentified", "R-10x20"], "", "ä€"),
        (["P-a\nb"], "", "a\rb"),
        (["P-a\x1b[201~rm"], "paste", "\x1b[200~a[201~rm\x1b[201~"),
        (["C--", "+"], "", "-+"),
    ],
)
def test_keys_say_what_xterm_would_say(keys: list[str], modes: str, text: str):
    assert typed(keys, modes) == text


@pytest.mark.parametrize("hidden", ["\x1b[201~", "\x1b[20\x1b[201~1~", "\x9b201~", "\x03", "\x15", "\0"])
@pytest.mark.parametrize("modes", ["", "paste"])
def test_what_is_pasted_cannot_end_the_paste_or_press_a_key(hidden: str, modes: str):
    said = typed([f"P-safe{hidden}\tmore\n"], modes)
    text = said.removeprefix("\x1b[200~").removesuffix("\x1b[201~")
    assert all(letter.isprintable() or letter in "\t\r" for letter in text)
    assert len(said) - len(text) == (12 if modes else 0)


def test_the_last_size_counts_and_a_wrong_one_is_told():
    assert size(["a", "R-10x20", "R-30x100"]) == (30, 100)
    assert size(["R-0x0"]) == (1, 2)
    assert size(["R-9999x9999"]) == (1000, 1000)
    with pytest.raises(Invalid):
        size(["R-tallxwide"])
