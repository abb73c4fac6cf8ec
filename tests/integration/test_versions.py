"""Versions of a conversation on a real bus: edit, regenerate, continue, branch, and walking among them."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from proto import chat, errors, versions
from proto.base import Caller
from tests.fakes.ollama import Reply, echo
from tests.support.answering import answering


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada, echo) as found:
        yield found


async def answers(talk) -> list[str]:
    return [exchange.answer for exchange in (await talk.read()).exchanges]


async def test_an_edited_question_is_answered_without_the_old_one_and_what_followed(talk):
    await talk.say("my name is Ada")
    second = await talk.say("I live in Rome")
    await talk.say("where do I live?")
    heard = await talk.again("edit", second.turn, "I live in Oslo")
    assert heard.ended.answer == "You said: I live in Oslo"
    assert talk.seen() == ["user: my name is Ada", "assistant: You said: my name is Ada", "user: I live in Oslo"]
    assert await answers(talk) == ["You said: my name is Ada", "You said: I live in Oslo"]


async def test_regenerating_asks_the_same_again_and_keeps_both_answers(talk):
    replies = iter(["heads", "tails"])
    talk.model.script = lambda body: Reply(text=next(replies))
    first = await talk.say("toss a coin")
    second = await talk.again("regenerate")
    assert (first.ended.answer, second.ended.answer) == ("heads", "tails")
    assert talk.seen() == ["user: toss a coin"]
    (shown,) = (await talk.read()).exchanges
    assert (shown.answer, shown.versions) == ("tails", (first.turn, second.turn))
    assert await talk.select(first.turn) == first.turn
    assert await answers(talk) == ["heads"]


async def test_the_next_message_follows_the_version_that_is_chosen(talk):
    first = await talk.say("red")
    await talk.again("edit", first.turn, "blue")
    await talk.select(first.turn)
    await talk.say("which?")
    assert talk.seen() == ["user: red", "assistant: You said: red", "user: which?"]


async def test_a_branch_leaves_what_followed_in_place(talk):
    first = await talk.say("one")
    second = await talk.say("two")
    await talk.select(first.turn, end=True)
    assert (await talk.read()).onward == (second.turn,)
    other = await talk.say("other two")
    assert talk.seen() == ["user: one", "assistant: You said: one", "user: other two"]
    assert (await talk.read()).exchanges[1].versions == (second.turn, other.turn)
    await talk.select(second.turn)
    assert await answers(talk) == ["You said: one", "You said: two"]


async def test_an_answer_that_was_stopped_goes_on_where_it_ended(talk):
    talk.model.script = lambda body: Reply(text="one two three", fault="hang", after=2)
    async with talk.bus.feed(chat.PARTS).follow(talk.caller.user) as live:
        await talk.bus.call(chat.SEND, chat.Send(conversation="home", text="count"), caller=talk.caller)
        while not isinstance((await live.next())[1], chat.Text):
            pass
        await talk.bus.call(chat.STOP, chat.Stop(conversation="home"), caller=talk.caller)
        while not isinstance((await live.next())[1], chat.Ended):
            pass
    talk.model.script = lambda body: Reply(text=(" three", " four"))
    heard = await talk.again("continue")
    assert heard.text == heard.ended.answer == "one two three four"
    assert "assistant: one two" in talk.seen()
    assert await answers(talk) == ["one two three four"]


async def test_an_answer_without_room_says_so_and_goes_on(talk):
    talk.model.script = lambda body: Reply(text="one two", reason="length")
    await talk.say("count")
    assert (await talk.read()).exchanges[0].cut
    talk.model.script = lambda body: Reply(text=" three")
    heard = await talk.again("continue")
    assert heard.ended.answer == "one two three"
    assert not (await talk.read()).exchanges[0].cut


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (versions.Revise(conversation="home", way="continue"), "complete"),
        (versions.Revise(conversation="home", way="edit", text="  "), "nothing in that message"),
        (versions.Revise(conversation="home", way="edit", text="a\0"), "binary"),
        (versions.Revise(conversation="home", way="regenerate", turn="nowhere"), "no turn 'nowhere'"),
        (versions.Revise(conversation="empty", way="regenerate"), "Nothing was said"),
    ],
    ids=["complete", "blank", "binary", "unknown", "empty"],
)
async def test_what_cannot_be_asked_again_is_refused_with_a_reason(talk, asked, words):
    await talk.say("hello")
    with pytest.raises(errors.Failure, match=words):
        await talk.bus.call(versions.REVISE, asked, caller=talk.caller)
    assert await answers(talk) == ["You said: hello"]


async def test_while_an_answer_is_written_no_version_is_made_or_chosen(talk):
    first = await talk.say("hello")
    talk.model.script = lambda body: Reply(text="one two", fault="hang", after=1)
    await talk.bus.call(chat.SEND, chat.Send(conversation="home", text="slow"), caller=talk.caller)
    with pytest.raises(errors.Busy):
        await talk.again("regenerate", first.turn)
    with pytest.raises(errors.Busy):
        await talk.select(first.turn)


async def test_of_many_who_regenerate_at_once_one_does(talk):
    await talk.say("hello")
    talk.model.script = lambda body: Reply(text="one two", fault="hang", after=1)
    asked = versions.Revise(conversation="home", way="regenerate")
    made = await asyncio.gather(
        *(talk.bus.call(versions.REVISE, asked, caller=talk.caller) for _ in range(6)), return_exceptions=True
    )
    assert sum(isinstance(each, chat.Accepted) for each in made) == 1
    assert sum(isinstance(each, errors.Busy) for each in made) == 5


async def test_nobody_reaches_another_users_versions(talk):
    first = await talk.say("secret")
    bob = replace(Caller(user="bob"), conversation="home")
    for call, request in (
        (versions.REVISE, versions.Revise(conversation="home", way="regenerate", turn=first.turn)),
        (versions.SELECT, versions.Select(conversation="home", turn=first.turn)),
    ):
        with pytest.raises(errors.Missing):
            await talk.bus.call(call, request, caller=bob)
