"""The versions of a conversation: what follows what, and along which of them it reads."""

from __future__ import annotations

import pytest

from proto import chat, versions
from proto.base import Caller
from proto.events import Recorded, happened
from services.llm.conversations.thread import Thread

ADA = Caller(user="ada", conversation="home")


class Story:
    """A conversation that is told event by event."""

    def __init__(self) -> None:
        self.thread = Thread()
        self.names: dict[str, str] = {}

    def tell(self, what) -> str:
        event = happened(what, ADA)
        self.thread.apply(Recorded(sequence=self.thread.sequence + 1, event=event))
        return event.id

    def ask(self, name: str, **asked) -> str:
        """Ask and answer at once."""
        turn = self.tell(chat.Asked(text=name, **asked))
        self.names[turn] = name
        self.tell(chat.Answered(turn=turn, text=f"{name}!"))
        return turn

    @property
    def reads(self) -> str:
        return " ".join(exchange.asked for exchange in self.thread.view("home").exchanges)

    def before(self, turn: str) -> str:
        return " ".join(exchange.asked for exchange in self.thread.before(turn))


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_log_from_before_there_were_versions_reads_as_a_line(story):
    *_, last = [story.ask(name) for name in "abc"]
    assert story.reads == "a b c"
    assert story.before(last) == "a b"
    assert [exchange.versions for exchange in story.thread.view("home").exchanges] == [(), (), ()]


def test_an_edited_question_takes_the_place_of_the_old_one_and_what_followed(story):
    first, second, _ = (story.ask(name) for name in "abc")
    edited = story.ask("B", way="edit", parent=first, of=second)
    assert story.reads == "a B"
    assert story.thread.view("home").exchanges[1].versions == (second, edited)
    assert story.before(edited) == "a"


def test_the_first_question_can_be_edited_too(story):
    first, _ = (story.ask(name) for name in "ab")
    story.ask("A", way="edit", parent="", of=first)
    assert story.reads == "A"


def test_walking_back_finds_what_followed_as_it_was_left(story):
    first, second, _ = (story.ask(name) for name in "abc")
    edited = story.ask("B", parent=first)
    story.ask("d")
    story.tell(versions.Selected(turn=second))
    assert story.reads == "a b c"
    story.tell(versions.Selected(turn=edited))
    assert story.reads == "a B d"


def test_a_branch_ends_the_conversation_earlier_until_the_next_message(story):
    first, second, _ = (story.ask(name) for name in "abc")
    story.tell(versions.Selected(turn=first, end=True))
    assert story.reads == "a"
    assert story.thread.view("home").onward == (second,)
    branch = story.ask("x")
    assert story.reads == "a x"
    assert story.before(branch) == "a"
    assert story.thread.view("home").exchanges[1].versions == (second, branch)


def test_what_goes_on_begins_with_what_there_was(story):
    turn = story.tell(chat.Asked(text="count"))
    story.tell(chat.Called(turn=turn, call=f"{turn}/1/0", action="a.b", arguments="{}", text="one "))
    story.tell(chat.CallEnded(turn=turn, call=f"{turn}/1/0", action="a.b", ok=True, result="{}"))
    story.tell(chat.Answered(turn=turn, text="one two", outcome="stopped"))
    more = story.tell(chat.Asked(text="count", way="continue", parent="", of=turn))
    assert story.thread[more].answer == "one two"
    assert [tool.action for tool in story.thread[more].tools] == ["a.b"]
    assert story.thread.open == more


def test_events_of_turns_that_are_not_known_change_nothing(story):
    story.ask("a")
    story.tell(versions.Selected(turn="elsewhere"))
    story.tell(chat.Answered(turn="elsewhere", text="?"))
    story.ask("b", parent="elsewhere")
    assert story.reads == "a b"
