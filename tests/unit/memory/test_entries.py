"""Events as SQL keeps them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import msgspec
import pytest

from proto import chat, sandbox, tasks
from proto.base import Caller
from proto.events import Event, Recorded, happened
from services.memory.entries import BODY_LIMIT, Entry, bare, body_of, entry

ADA = Caller(user="ada", conversation="c1", cause="e0")


def row(event: Event) -> Entry:
    return entry(Recorded(sequence=7, event=event))


def with_data(raw: bytes) -> Event:
    event = happened(tasks.TaskAdded(task="t1", title="x"), ADA)
    return msgspec.structs.replace(event, data=msgspec.Raw(raw))


def test_a_row_says_what_the_event_says():
    event = happened(tasks.TaskAdded(task="t1", title="buy milk"), ADA)
    found = row(event)
    assert (found.sequence, found.id, found.kind, found.conversation, found.cause) == (
        7,
        event.id,
        "task.added",
        "c1",
        "e0",
    )
    assert found.happening == tasks.TaskAdded(task="t1", title="buy milk")


def test_equal_texts_have_one_hash_and_others_another():
    one, same, other = (
        row(happened(tasks.TaskAdded(task=task, title=title), ADA)).text_hash
        for task, title in (("t1", "milk"), ("t2", "milk"), ("t3", "bread"))
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (rb'{"task":"t","title":"a\u0000b"}', "a\ufffdb"),
        (rb'{"task":"t","title":"\u0000\u0000"}', "\ufffd\ufffd"),
        (rb'{"task":"t","title":"a\\u0000b"}', r"a\u0000b"),
        (rb'{"task":"t","title":"a\\\u0000b"}', "a\\\ufffdb"),
    ],
)
def test_a_nul_is_replaced_and_a_backslash_before_it_is_understood(raw, title):
    found = row(with_data(raw))
    assert found.happening.title == title
    assert msgspec.json.decode(found.data)["title"] == title


def test_names_and_sentences_lose_their_nuls_too():
    found = row(happened(tasks.TaskAdded(task="t", title="a\0b"), Caller(user="a\0da")))
    assert "\0" not in found.sentence + found.user + found.data


def test_an_event_that_is_not_of_its_kind_is_kept_without_its_type(caplog):
    found = row(with_data(b'{"title":3}'))
    assert found.happening is None
    assert found.data == '{"title":3}'
    assert [record.action for record in caplog.records] == ["memory.unreadable"]


def test_a_kind_nobody_knows_is_kept_without_its_type():
    event = msgspec.structs.replace(with_data(b'{"a":1}'), kind="garden.watered")
    assert row(event).happening is None


def test_a_time_without_a_zone_is_utc():
    event = msgspec.structs.replace(with_data(b"{}"), time=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the case
    assert row(event).time == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_id_that_is_no_uuid_always_becomes_the_same_one():
    made = {row(msgspec.structs.replace(with_data(b"{}"), id="event-1")).id for _ in range(2)}
    assert len(made) == 1
    assert uuid.UUID(made.pop())


@pytest.mark.parametrize(
    ("what", "body"),
    [
        (tasks.TaskAdded(task="t", title="buy milk"), ""),
        (chat.Asked(text="a short question"), ""),
        (chat.Asked(text="a long question " * 20), "a long question " * 20),
        (chat.Answered(turn="t", text="word " * 100), "word " * 100),
        (sandbox.CommandRan(command="uname", exit_code=0, seconds=1, excerpt="Linux"), "Linux"),
        (
            sandbox.CommandRan(command="echo 1\necho 2", exit_code=0, seconds=1, excerpt="1\n2"),
            "echo 1\necho 2\n1\n2",
        ),
    ],
)
def test_the_body_is_what_the_sentence_does_not_say(what, body):
    assert body_of(happened(what, ADA), what) == body


def test_a_huge_text_is_indexed_in_part():
    what = chat.Asked(text="word " * 40_000)
    assert len(body_of(happened(what, ADA), what)) == BODY_LIMIT


def test_a_bare_row_still_says_that_it_happened():
    found = bare(row(happened(chat.Asked(text="x" * 9000), msgspec.structs.replace(ADA, user="u" * 9000))))
    assert found.sentence.startswith('Asked: "xxx')
    assert (len(found.user), found.body, found.happening) == (500, "", None)
    assert msgspec.json.decode(found.data) == {"unreadable": True}
