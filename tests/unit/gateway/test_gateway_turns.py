"""The open end of a conversation: whatever is cut, repeated or begun anew, the page reads what the log reads."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from msgspec.structs import replace

from proto import ui
from proto.chat import Calling, Ended, Exchange, Part, Returned, Started, Text, Thought, ToolUse
from services.gateway.live.turns import Gap, Talk, merged

TOOL = ToolUse(call="t/1/0", action="tasks.add", arguments="{}", at=4)


def asked(turn: str = "t", **changed: object) -> Exchange:
    return replace(Exchange(turn=turn, time=datetime(2026, 11, 22, tzinfo=UTC), asked="do"), **changed)


def text(offset: int, piece: str, attempt: int = 1) -> Text:
    return Text(attempt=attempt, offset=offset, text=piece)


class Page:
    """What a browser shows of one conversation when it applies changes."""

    def __init__(self) -> None:
        self.turns: dict[str, dict[int, str]] = {}
        self.tools: dict[str, list[str]] = {}
        self.over: dict[str, Exchange] = {}

    def apply(self, *changes: ui.Change) -> Page:
        for change in changes:
            match change:
                case ui.Reset(exchanges=exchanges):
                    self.turns, self.over = {}, {}
                    for exchange in exchanges:
                        self.show(exchange)
                case ui.Opened(exchange=exchange):
                    assert exchange.turn not in self.turns, "a turn stands twice"
                    self.show(exchange)
                case ui.Settled(exchange=exchange):
                    assert exchange.turn in self.turns, "a turn without a place"
                    self.show(exchange)
                case ui.Grew(turn=turn, passage=passage, text=piece):
                    self.turns[turn][passage] += piece
                case ui.Used(turn=turn, number=number, tool=tool, first=first):
                    assert (number == len(self.tools[turn])) is first, "a card without a place"
                    self.tools[turn][number:] = [tool.call, *self.tools[turn][number + 1 :]]
                    self.turns[turn].setdefault(number + 1, "")
        return self

    def show(self, exchange: Exchange) -> None:
        self.tools[exchange.turn] = [tool.call for tool in exchange.tools]
        places = [0, *(tool.at for tool in exchange.tools), len(exchange.answer)]
        self.turns[exchange.turn] = {
            number: exchange.answer[start:end] for number, (start, end) in enumerate(pairwise(places))
        }
        if exchange.outcome:
            self.over[exchange.turn] = exchange

    def reads(self, turn: str = "t") -> str:
        return "".join(self.turns[turn].values())


def follow(*parts: Part) -> Page:
    talk, page = Talk(), Page()
    page.apply(*talk.ask(asked()))
    for part in parts:
        page.apply(*talk.take("t", part))
    return page


def test_text_grows_and_ends():
    page = follow(
        Started(attempt=1, model="m"),
        text(0, "one "),
        text(4, "two"),
        Ended(attempt=1, outcome="done", answer="one two"),
    )
    assert page.reads() == "one two"
    assert page.over["t"].outcome == "done"
    assert page.over["t"].model == "m"


def test_a_repeated_piece_is_shown_once():
    assert follow(text(0, "one "), text(0, "one "), text(2, "e two"), text(4, "two")).reads() == "one two"


def test_a_missing_piece_is_noticed():
    with pytest.raises(Gap):
        follow(text(0, "one "), text(7, "three"))


def test_a_part_of_an_unknown_turn_is_noticed():
    with pytest.raises(Gap):
        Talk().take("t", text(0, "one"))


def test_nothing_follows_an_end():
    assert follow(text(0, "one"), Ended(attempt=1, outcome="stopped", answer="one"), text(3, " two")).reads() == "one"


def test_a_turn_is_opened_once():
    talk = Talk()
    assert talk.ask(asked())
    assert talk.ask(asked()) == ()
    talk.take("t", Ended(attempt=1, outcome="done", answer=""))
    assert talk.ask(asked()) == ()


def test_a_later_attempt_that_begins_anew_takes_the_text_back():
    assert (
        follow(text(0, "one two"), Started(attempt=2, model="m"), text(0, "new", 2), text(3, " text", 2)).reads()
        == "new text"
    )


def test_a_later_attempt_that_goes_on_keeps_the_text():
    assert follow(text(0, "one two"), Started(attempt=2, model="m"), text(4, "three", 2)).reads() == "one three"
    assert follow(text(0, "one "), Started(attempt=2, model="m"), text(4, "two", 2)).reads() == "one two"


def test_an_earlier_attempt_is_not_heard_any_more():
    assert follow(text(0, "one "), Started(attempt=2, model="m"), text(4, "lost")).reads() == "one "


def test_actions_get_one_card_each_and_text_goes_on_after_them():
    talk, page = Talk(), Page()
    page.apply(*talk.ask(asked()))
    for part in (
        text(0, "one "),
        Calling(attempt=1, tool=TOOL),
        Returned(attempt=1, tool=replace(TOOL, ok=True)),
        text(4, "two"),
    ):
        page.apply(*talk.take("t", part))
    assert page.tools["t"] == [TOOL.call]
    assert page.turns["t"] == {0: "one ", 1: "two"}


def test_thoughts_are_told_apart_from_the_answer():
    talk = Talk()
    talk.ask(asked())
    assert talk.take("t", Thought(attempt=1, text="hm")) == (ui.Pondered(turn="t", text="hm"),)


def test_a_hole_in_the_log_itself_is_marked_and_passed():
    talk = Talk()
    (shown,) = talk.restart([asked()], {"t": [text(0, "one"), text(6, "three")]})
    assert shown.answer == "one…  three"
    assert talk.take("t", text(11, "!")) == (ui.Grew(turn="t", text="!"),)


def test_a_failed_turn_keeps_what_was_written():
    page = follow(text(0, "so far"), Ended(attempt=1, outcome="failed", error="The model is gone.", answer=""))
    assert page.over["t"].answer == "so far"
    assert page.over["t"].error == "The model is gone."


def test_neighbouring_pieces_are_joined_and_nothing_else():
    used = ui.Used(turn="t", number=0, tool=TOOL, first=True)
    pieces = [
        ui.Grew(turn="t", text="a"), ui.Grew(turn="t", text="b"), used,
        ui.Grew(turn="t", passage=1, text="c"), ui.Grew(turn="u", passage=1, text="d"),
    ]  # fmt: skip
    assert merged(pieces) == (
        ui.Grew(turn="t", text="ab"), used,
        ui.Grew(turn="t", passage=1, text="c"), ui.Grew(turn="u", passage=1, text="d"),
    )  # fmt: skip


def written(chance: random.Random) -> list[Part]:
    """A turn as workers might write it: pieces, actions, and now and then another worker that goes on."""
    parts: list[Part] = [Started(attempt=1, model="m")]
    answer, attempt, tools = "", 1, 0
    for _ in range(chance.randrange(1, 40)):
        piece = "".join(chance.choice("ab \n<&é") for _ in range(chance.randrange(1, 6)))
        match chance.randrange(12):
            case 0:
                tool = ToolUse(call=f"c{tools}", action="a.b", arguments="{}", at=len(answer))
                parts += [Calling(attempt=attempt, tool=tool), Returned(attempt=attempt, tool=replace(tool, ok=True))]
                tools += 1
            case 1:
                attempt += 1
                parts += [Started(attempt=attempt, model="m"), *([text(0, answer, attempt)] if answer else [])]
            case _:
                parts.append(text(len(answer), piece, attempt))
                answer += piece
    return [*parts, Ended(attempt=attempt, outcome="done", answer=answer)]


@pytest.mark.parametrize("seed", range(200))
def test_however_the_connection_is_cut_the_page_reads_what_was_written(seed):
    chance = random.Random(seed)
    parts = written(chance)
    talk, page = Talk(), Page()
    if chance.random() < 0.5:
        page.apply(*talk.ask(asked()))
    else:
        page.apply(ui.Reset(exchanges=talk.restart([asked()], {})))
    place = 0
    while place < len(parts):
        if chance.random() < 0.15:
            # The page comes back: it has missed some, reads all there is, and hears some of that again.
            place = min(len(parts), place + chance.randrange(4))
            ended = any(isinstance(part, Ended) for part in parts[:place])
            page.apply(ui.Reset(exchanges=talk.restart([asked()], {"t": parts[:place]})))
            place = place if ended else max(0, place - chance.randrange(4))
            continue
        page.apply(*merged(change for part in parts[place : place + 1] for change in talk.take("t", part)))
        place += 1
    assert page.reads() == parts[-1].answer
    assert page.over["t"].outcome == "done"
