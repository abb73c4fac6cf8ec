"""Options of one conversation: they reach the model from the next message on, and only there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daimon.commands.models import changed
from proto import chat, errors, events, models
from proto.kinds import happening
from proto.models import Options
from tests.fakes.ollama import Reply
from tests.support.answering import answering
from tests.support.chatting import hear

COLD = Options(temperature=0.2, num_ctx=16384, think=False, keep_alive="10m")


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada, lambda body: Reply(text="Fine.")) as found:
        yield found


async def tune(talk, options, conversation="home"):
    wanted = models.SetOptions(conversation=conversation, options=options)
    return await talk.bus.call(models.SET_OPTIONS, wanted, caller=talk.caller)


async def test_what_is_set_for_a_conversation_is_sent_there_and_nowhere_else(talk):
    await talk.say("hello")
    before = talk.model.chats[-1]
    assert await tune(talk, COLD) == COLD
    heard = await talk.say("and now?")
    tuned = talk.model.chats[-1]
    assert tuned["options"] == {"temperature": 0.2, "num_ctx": 16384}
    assert (tuned["think"], tuned["keep_alive"]) == (False, "10m")
    assert heard.ended.spent.context == 16384
    elsewhere = replace(talk.caller, conversation="elsewhere")
    await hear(talk.bus, elsewhere, chat.SEND, chat.Send(conversation="elsewhere", text="hello"))
    for body in (before, talk.model.chats[-1]):
        assert body["options"] == {"num_ctx": 8192}
        assert (body["think"], body["keep_alive"]) == (True, "30m")


async def test_what_is_set_is_an_event_and_shown_and_taken_back(talk):
    await talk.say("hello")
    await tune(talk, COLD)
    shown = await talk.bus.call(models.OPTIONS, models.ReadOptions(conversation="home"), caller=talk.caller)
    assert shown == COLD
    await tune(talk, COLD)
    await tune(talk, Options())
    found = await talk.bus.journal.read(events.in_conversation(talk.caller.user, "home", "chat"))
    said = [what.sentence() for each in found if isinstance(what := happening(each.event), models.Tuned)]
    assert said == [
        "Set for this conversation: temperature=0.2 num_ctx=16384 think=false keep_alive=10m",
        "Set for this conversation: the options as everywhere",
    ]
    await talk.say("hello")
    assert talk.model.chats[-1]["options"] == {"num_ctx": 8192}


async def test_a_conversation_of_nobody_has_no_options(talk):
    with pytest.raises(errors.Missing):
        await tune(talk, COLD, "nowhere")


def test_options_are_typed_one_by_one_and_taken_back_by_name_alone():
    assert changed(Options(), ["temperature=0.2", "num_ctx=16384", "think=false"]) == Options(
        temperature=0.2, num_ctx=16384, think=False
    )
    assert changed(COLD, ["temperature=", "keep_alive=1h"]) == Options(num_ctx=16384, think=False, keep_alive="1h")


@pytest.mark.parametrize(
    "typed", ["temperature", "temperature=hot", "temperature=9", "num_ctx=1", "heat=1", "keep_alive=x"]
)
def test_what_is_no_option_is_said(typed):
    with pytest.raises(errors.Invalid):
        changed(Options(), [typed])
