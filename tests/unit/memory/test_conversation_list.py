"""What events add to the list of conversations, and what was said in them."""

from __future__ import annotations

import msgspec

from proto import chat, tasks
from proto.base import Caller
from proto.events import Happening, Recorded, happened
from proto.given import PREFIX
from services.memory.entries import Entry, entry
from services.memory.projections.conversations import gather
from services.memory.projections.messages import message

ADA = Caller(user="ada", conversation="c1")


def row(what: Happening, caller: Caller = ADA) -> Entry:
    return entry(Recorded(sequence=1, event=happened(what, caller)))


def test_messages_of_a_conversation_are_summed_up():
    rows = [
        row(chat.Asked(text="How are you?")),
        row(chat.Answered(turn="t", text="Fine")),
        row(chat.Asked(text="And now?")),
    ]
    (found,) = gather(rows)
    assert (found.user, found.id, found.title, found.exchanges) == ("ada", "c1", "How are you", 2)
    assert found.time == rows[2].time


def test_conversations_and_users_are_kept_apart():
    others = (msgspec.structs.replace(ADA, conversation="c2"), msgspec.structs.replace(ADA, user="bob"))
    found = gather([row(chat.Asked(text="x")), *(row(chat.Asked(text="x"), other) for other in others)])
    assert {(change.user, change.id) for change in found} == {("ada", "c1"), ("ada", "c2"), ("bob", "c1")}


def test_what_a_client_keeps_itself_stands_in_no_list():
    kept = msgspec.structs.replace(ADA, conversation=f"{PREFIX}x")
    assert gather([row(chat.Asked(text="x"), kept), row(chat.Answered(turn="t", text="y"), kept)]) == []


def test_an_answer_alone_has_no_title_and_is_no_exchange():
    (found,) = gather([row(chat.Answered(turn="t", text="Fine"))])
    assert (found.title, found.exchanges) == ("", 0)


def test_what_happens_elsewhere_is_no_message():
    elsewhere = [row(chat.Asked(text="x"), Caller(user="ada")), row(tasks.TaskAdded(task="t", title="x"))]
    assert gather(elsewhere) == []
    assert message(elsewhere[1]) is None


def test_a_turn_is_named_after_the_event_that_asked():
    asked = row(chat.Asked(text="Add milk"))
    said = message(asked)
    assert (said.turn, said.role, said.text) == (asked.id, "user", "Add milk")


def test_a_failed_answer_says_why():
    said = message(row(chat.Answered(turn="t1", text="", outcome="failed", error="The model is away.")))
    assert (said.turn, said.role, said.text, said.outcome) == ("t1", "assistant", "The model is away.", "failed")


def test_calls_and_results_name_their_action():
    call = message(row(chat.Called(turn="t1", call="1", action="tasks.add", arguments='{"title":"x"}')))
    back = message(row(chat.CallEnded(turn="t1", call="1", action="tasks.add", ok=False, result="Full")))
    assert (call.role, call.action, call.text) == ("call", "tasks.add", '{"title":"x"}')
    assert (back.role, back.action, back.outcome, back.text) == ("result", "tasks.add", "failed", "Full")
