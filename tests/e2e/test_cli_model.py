"""What a person decides about the model from the command line, against a whole system with a scripted model server."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path

import pytest

from daimon.connection import connect
from proto import chat
from proto.base import new_id
from proto.chat import Ended, Text
from proto.given import Given, GivenMessage
from tests.fakes import gguf_model
from tests.fakes.ollama import FakeModel, FakeOllama, Reply, act
from tests.support.whole import WITHIN, Whole, end, line_of, whole_daimon

ROOM = 16_384
"""Tokens that a model from a file has room for."""


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def turn_of(whole: Whole, user: str) -> str:
    """The id of the user's latest turn."""
    rows = await whole.daimon("events", "--json", "--kind", "chat.asked", "--user", user)
    return re.findall(r'"id":\s*"([\w-]+)"', rows.out)[-1]


async def test_a_model_is_chosen_for_a_job_and_let_go_again(
    scripted: Whole, model_server: FakeOllama, ada: str
) -> None:
    model_server.models["tiny:latest"] = FakeModel(capabilities=("completion",))
    chosen = await scripted.daimon("models", "use", "tiny", "--for", "title", "--user", ada)
    assert (chosen.code, chosen.out) == (0, "tiny does every title from now on.\n")
    listed = await scripted.daimon("models", "--user", ada)
    assert re.search(r"^title +tiny +chosen$", listed.out, re.MULTILINE)
    assert re.search(r"^answer +small:latest", listed.out, re.MULTILINE)
    missing = await scripted.daimon("models", "use", "nowhere", "--for", "title", "--user", ada)
    assert (missing.code, missing.out) == (1, "")
    assert "There is no model 'nowhere'" in missing.err
    back = await scripted.daimon("models", "default", "--for", "title", "--user", ada)
    assert back.out == "No other model is chosen for the job title now.\n"
    answers = await scripted.daimon("models", "use", "plain", "--user", ada)
    assert answers.out == "plain answers from now on.\n"
    said = await scripted.daimon("chat", "--json", "hello", "--user", ada)
    assert '"plain"' in said.out


async def test_models_are_pulled_and_deleted(scripted: Whole, model_server: FakeOllama, ada: str) -> None:
    pulled = await scripted.daimon("models", "pull", "fresh", "--user", ada)
    assert (pulled.code, pulled.out) == (0, "The model fresh is there.\n")
    assert "fresh:latest" in (await scripted.daimon("models", "--user", ada)).out
    assert (await scripted.daimon("models", "delete", "fresh", "--user", ada)).code == 0
    gone = await scripted.daimon("models", "delete", "fresh", "--user", ada)
    assert gone.code == 1
    assert "fresh" in gone.err


async def test_options_of_a_conversation_are_set_and_taken_back(scripted: Whole, ada: str) -> None:
    where = new_id()
    await scripted.daimon("chat", "hello", "--conversation", where, "--user", ada)
    words = ("models", "options", "--conversation", where, "--user", ada)
    assert (await scripted.daimon(*words, "temperature=0.2", "model=plain")).out == "model=plain temperature=0.2\n"
    assert (await scripted.daimon(*words, "temperature=")).out == "model=plain\n"
    wrong = await scripted.daimon(*words, "temperature=hot")
    assert wrong.code == 1
    assert "temperature" in wrong.err


async def test_instructions_are_written_compared_and_taken_back(scripted: Whole, ada: str) -> None:
    shipped = (await scripted.daimon("instructions", "show", "title", "--user", ada)).out
    edited = await scripted.daimon(
        "instructions", "edit", "title", "--user", ada, stdin="You name conversations. Short."
    )
    assert edited.out == "Version 1 of the title instruction is in use.\n"
    assert (await scripted.daimon("instructions", "show", "title", "--user", ada)).out == (
        "You name conversations. Short.\n"
    )
    history = (await scripted.daimon("instructions", "history", "title", "--user", ada)).out
    assert re.search(r"^title +1 +in use +You name conversations\. Short\.$", history, re.MULTILINE)
    back = await scripted.daimon("instructions", "use", "title", "0", "--user", ada)
    assert back.out == "Version 0 of the title instruction is in use.\n"
    assert (await scripted.daimon("instructions", "show", "title", "--user", ada)).out == shipped
    wrong = await scripted.daimon("instructions", "use", "title", "9", "--user", ada)
    assert (wrong.code, "versions 0 to 1" in wrong.err) == (1, True)


async def test_an_answer_is_rated_and_the_versions_are_compared_by_it(scripted: Whole, ada: str) -> None:
    await scripted.daimon("instructions", "edit", "system", "You are brief.", "--user", ada)
    await scripted.daimon("chat", "hello", "--user", ada)
    turn = await turn_of(scripted, ada)
    assert (await scripted.daimon("rate", turn, "up", "--user", ada)).out == "The answer is good.\n"
    stats = (await scripted.daimon("instructions", "stats", "--user", ada)).out
    assert re.search(r"^system +1 +1 +1 +0 +0 ", stats, re.MULTILINE)
    wrong = await scripted.daimon("rate", "no-such-turn", "down", "--user", ada)
    assert (wrong.code, "There is no answer" in wrong.err) == (1, True)


async def test_one_chooses_at_the_command_line_whether_the_assistant_speaks_unasked(scripted: Whole, ada: str) -> None:
    shown = (await scripted.daimon("profile", "--waking", "off", "--user", ada)).out
    assert re.search(r"^waking +off: ", shown, re.MULTILINE)
    await scripted.daimon("undo", "--user", ada)
    assert '"waking": true' in (await scripted.daimon("profile", "--json", "--user", ada)).out


async def test_words_are_held_back_until_they_are_let_go(scripted: Whole, model_server: FakeOllama, ada: str) -> None:
    model_server.script = lambda body: Reply(text="The word is open sesame.")
    try:
        added = await scripted.daimon("filter", "add", "code", "open", "sesame", "--user", ada)
        assert re.search(r"^code +open sesame$", added.out, re.MULTILINE)
        assert "The word is [held back: code]." in (await scripted.daimon("chat", "tell me", "--user", ada)).out
        removed = await scripted.daimon("filter", "remove", "code", "--user", ada)
        assert "The content filter is off." in removed.err
        unknown = await scripted.daimon("filter", "remove", "code", "--user", ada)
        assert (unknown.code, "Nothing is held back under 'code'; `daimon filter` lists" in unknown.err) == (1, True)
        assert "The word is open sesame." in (await scripted.daimon("chat", "tell me", "--user", ada)).out
    finally:
        model_server.script = act


async def test_what_came_of_a_command_is_told_in_another_terminal(
    scripted: Whole, model_server: FakeOllama, ada: str
) -> None:
    model_server.script = lambda body: Reply(text="The attic is tidy.")
    process = await scripted.start("-m", "daimon", "notices", "--user", ada)
    try:
        assert process.stderr is not None
        async with asyncio.timeout(WITHIN):
            assert b"as they happen" in await process.stderr.readline()
        await scripted.daimon("chat", "how is the cellar", "--user", ada)
        await scripted.daimon("do", "tidy the whole attic up", "--user", ada)
        assert await line_of(process) == "The attic is tidy."
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(WITHIN):
            assert await process.wait() == 130
    finally:
        model_server.script = act
        await end(process)


async def stopped_after_a_word(whole: Whole, conversation: str) -> Ended:
    """Ask something without an action to call, and stop the answer as soon as it has begun."""
    given = Given(messages=(GivenMessage(role="user", content="tell me everything"),), actions=False)
    asked = chat.Send(conversation=conversation, text="tell me everything", given=given)
    async with (
        asyncio.timeout(WITHIN),
        connect(whole.home.path, "owner", conversation) as joined,
        joined.bus.feed(chat.PARTS).follow("owner", conversation) as live,
    ):
        await joined.call(chat.SEND, asked)
        while not isinstance((await live.next())[1], Text):
            pass
        await joined.call(chat.STOP, chat.Stop(conversation=conversation))
        while not isinstance(part := (await live.next())[1], Ended):
            pass
    return part


async def test_a_file_answers_with_no_server_and_is_stopped(tmp_path: Path) -> None:
    # It never ends by itself, so it would write until its room is full.
    path = gguf_model.write(tmp_path / "tiny.gguf", context=ROOM)
    home = tmp_path / "home"
    home.mkdir()
    async with whole_daimon(home, "off", gguf=str(path), num_ctx=str(ROOM)) as whole:
        assert re.search(r"^answer +tiny", (await whole.daimon("models")).out, re.MULTILINE)
        said = await whole.daimon("models", "options", "--conversation", "one", "temperature=0")
        assert said.code == 1, "nothing was said in it yet"
        # It writes one answer at a time: that the next one begins shows that the one before has really ended.
        for conversation in ("one", "two", "three"):
            assert (await stopped_after_a_word(whole, conversation)).outcome == "stopped"
        listed = json.loads((await whole.daimon("export-chat", "one", "--json")).out)
        (exchange,) = listed["exchanges"]
        assert (exchange["outcome"], exchange["error"]) == ("stopped", "")
        assert 0 < len(exchange["answer"]) < ROOM // 2
