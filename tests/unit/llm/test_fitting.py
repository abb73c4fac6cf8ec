"""What is sent when there is little room: nothing is left out in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from proto.chat import Exchange, ToolUse
from services.llm.models.gauge import Gauge, size
from services.llm.models.model import Message
from services.llm.turns.context import Recent, Surroundings
from services.llm.turns.fitting import CUT, FULL, fit
from services.llm.turns.summarising import beginnings
from services.llm.turns.turn import Known, messages

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def exchange(number: int, *, result: str = "", answer: str = "") -> Exchange:
    tools = (ToolUse(call="t/1/0", action="a.b", arguments="{}", ok=True, result=result),) if result else ()
    return Exchange(
        turn=str(number),
        time=NOW,
        asked=f"question {number}",
        answer=answer or f"answer {number} " * 20,
        tools=tools,
        outcome="done",
        event=f"{number:03}",
    )


def known(*earlier: Exchange, asked: str = "and now?", **facts) -> Known:
    return Known(now=NOW, asked=Exchange(turn="now", time=NOW, asked=asked), earlier=earlier, **facts)


def tokens(told) -> int:
    return size(told) // 4


def test_what_fits_is_sent_as_it_is():
    facts = known(exchange(1), exchange(2))
    fitted = fit(facts, 10_000, tokens)
    assert (fitted.messages, fitted.fold, fitted.warning) == (messages(facts), 0, "")


def test_long_results_are_shortened_before_anything_is_folded():
    facts = known(exchange(1, result="x" * 7000))
    fitted = fit(facts, tokens(messages(facts)) - 100, tokens)
    assert fitted.fold == 0
    assert "characters left out" in next(each.content for each in fitted.messages if each.role == "tool")


def test_the_oldest_exchanges_are_folded_and_the_latest_are_kept():
    facts = known(*(exchange(number, answer="word " * 400) for number in range(10)))
    fitted = fit(facts, 3000, tokens)
    assert 0 < fitted.fold < 10
    rest = known(*facts.earlier[fitted.fold :], summary="s" * 2400, folded=fitted.fold)
    assert tokens(messages(rest)) < 3000 * 0.6
    assert fit(rest, 3000, tokens).fold == 0


def test_a_question_that_is_too_long_loses_its_middle_and_says_so():
    fitted = fit(known(asked="begin " + "x" * 100_000 + " end"), 2000, tokens)
    asked = fitted.messages[-1].content
    assert fitted.warning == CUT
    assert tokens(fitted.messages) <= 2000
    assert asked.startswith("begin ")
    assert asked.endswith(" end")
    assert "characters left out" in asked


def test_where_nothing_helps_it_is_said():
    assert fit(known(), 10, tokens).warning == FULL


def test_a_command_carries_no_history_and_folds_none():
    command = Exchange(turn="now", time=NOW, asked="x" * 9000, mode="command")
    facts = Known(now=NOW, asked=command, earlier=(exchange(1),))
    assert fit(facts, 1500, tokens).fold == 0


def test_what_happened_since_the_last_answer_stands_apart():
    happened = (Recent(event="001", sentence="early"), Recent(event="003", sentence="late"))
    told = messages(known(exchange(2), around=Surroundings(recent=happened)))[-2].content
    assert told.index("Lately:\nearly") < told.index("Since your last answer:\nlate")


def test_a_summary_and_memories_are_told_with_what_they_are():
    rules, told, _ = messages(known(summary="They spoke of milk.", folded=7, memories=("1 May user: x [event 5]",)))
    assert "The first 7 exchanges of this conversation, summarised:\nThey spoke of milk." in rules.content
    assert "x [event 5]" in told.content


def test_what_changes_all_the_time_stands_behind_the_conversation():
    early = messages(known(exchange(1), memories=("a",)))
    late = messages(replace(known(exchange(1)), now=NOW + timedelta(minutes=1)))
    assert early[:-2] == late[:-2]
    assert early[-2] != late[-2]
    assert early[-1] == late[-1]


def test_a_gauge_learns_from_what_the_server_counts():
    gauge = Gauge()
    assert gauge.tokens("small", 3500) == 1000
    for _ in range(5):
        gauge.learn("small", 4000, 1000)
    assert gauge.tokens("small", 4000) == pytest.approx(1000, rel=0.02)
    gauge.learn("small", 4000, 3)
    assert gauge.tokens("small", 4000) == pytest.approx(1000, rel=0.02)
    assert gauge.tokens("other", 3500) == 1000


@pytest.mark.parametrize(
    ("counted", "cut"), [(1000, False), (800, False), (0, False), (500, True), (2048, True), (3000, True)]
)
def test_a_gauge_notices_what_the_server_left_out(counted, cut):
    gauge = Gauge()
    gauge.learn("small", 4000, 1000)
    assert gauge.was_cut("small", 4000, counted, 2048) is cut


def test_text_of_other_scripts_takes_more_tokens_for_each_character():
    assert size([Message(role="user", content="日本語" * 100)]) > 2 * size([Message(role="user", content="abc" * 100)])


def test_beginnings_say_what_they_leave_out():
    text = beginnings([exchange(number) for number in range(100)], "Earlier they spoke of milk.")
    assert len(text) < 2400
    assert text.startswith("Earlier they spoke of milk.")
    assert "exchanges before these are left out" in text
    assert "question 99" in text
