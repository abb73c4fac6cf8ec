"""ChatSession and run.py against a whole running system with a scripted model server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from daimon.session import ChatSession
from proto import errors
from proto.base import new_id
from proto.chat import Calling, Ended, Returned, Started
from tests.fakes.ollama import FakeOllama, Reply, act
from tests.support.whole import Whole

COUNT = tuple(f"{number} " for number in range(300))


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


@pytest.fixture
def slow(model_server: FakeOllama) -> Iterator[FakeOllama]:
    """The model server, while it counts for a second and a half."""
    model_server.script = lambda _: Reply(text=COUNT, rate=200)
    yield model_server
    model_server.script = act


async def test_text_comes_piece_by_piece_and_whole(scripted: Whole, slow: FakeOllama, ada: str) -> None:
    async with ChatSession(user=ada, session="trip", home=scripted.home.path) as session:
        pieces = [piece async for piece in session.chat_stream("count")]
    assert "".join(pieces) == "".join(COUNT)
    assert len(pieces) > 50


async def test_a_session_resumes_with_its_history(scripted: Whole, ada: str) -> None:
    async with ChatSession(user=ada, session="trip", home=scripted.home.path) as session:
        assert await session.history() == ()
        assert await session.chat("hello") == "You said: hello"
    async with ChatSession(user=ada, session="trip", home=scripted.home.path) as session:
        await session.chat("again")
        assert [(each.asked, each.answer, each.outcome) for each in await session.history()] == [
            ("hello", "You said: hello", "done"),
            ("again", "You said: again", "done"),
        ]


async def test_what_the_model_does_comes_as_typed_parts(scripted: Whole, ada: str) -> None:
    async with ChatSession(user=ada, home=scripted.home.path) as session:
        parts = [part async for part in session.stream_parts("add buy milk to my list")]
    assert isinstance(parts[0], Started)
    assert isinstance(parts[-1], Ended)
    tools = [part.tool for part in parts if isinstance(part, Calling | Returned)]
    assert [(tool.action, tool.ok) for tool in tools] == [("tasks.add", None), ("tasks.add", True)]


async def test_a_stopped_answer_ends_and_keeps_what_was_written(scripted: Whole, slow: FakeOllama, ada: str) -> None:
    async with ChatSession(user=ada, home=scripted.home.path) as session:
        read = ""
        async for piece in session.chat_stream("count"):
            read += piece
            if len(read) > 30:
                await session.stop()
        assert "".join(COUNT).startswith(read)
        assert read != "".join(COUNT)
        (exchange,) = await session.history()
        assert (exchange.outcome, exchange.answer) == ("stopped", read)
        assert not await session.stop()


async def test_a_second_message_is_busy_until_the_first_is_answered(
    scripted: Whole, slow: FakeOllama, ada: str
) -> None:
    home = scripted.home.path
    async with (
        ChatSession(user=ada, session="one", home=home) as first,
        ChatSession(user=ada, session="one", home=home) as second,
    ):
        stream = first.chat_stream("count")
        read = await anext(stream)
        with pytest.raises(errors.Busy):
            await second.chat("me too")
        read += "".join([piece async for piece in stream])
        assert read == "".join(COUNT)
        assert await second.chat("me too") == "".join(COUNT)


async def test_users_do_not_hear_each_other(scripted: Whole, ada: str) -> None:
    home = scripted.home.path
    async with (
        ChatSession(user=ada, session="same", home=home) as mine,
        ChatSession(user=f"{ada}-2", session="same", home=home) as yours,
    ):
        answers = list(await asyncio.gather(mine.chat("mine"), yours.chat("yours")))
        assert answers == ["You said: mine", "You said: yours"]
        assert [each.asked for each in await yours.history()] == ["yours"]


async def test_a_failing_model_server_is_a_failure_with_its_sentence(
    scripted: Whole, model_server: FakeOllama, ada: str
) -> None:
    model_server.script = lambda _: Reply(fault="status", status=500, error="out of memory")
    try:
        async with ChatSession(user=ada, home=scripted.home.path) as session:
            with pytest.raises(errors.Failure, match="out of memory"):
                await session.chat("hello")
            (exchange,) = await session.history()
            assert exchange.outcome == "failed"
    finally:
        model_server.script = act


@pytest.mark.parametrize("whole", ["scripted", "reflex"])
async def test_run_py_runs_a_command_and_prints_what_it_printed(scripted: Whole, reflex: Whole, whole: str) -> None:
    process = await {"scripted": scripted, "reflex": reflex}[whole].start("run.py")
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"Linux" in out


async def test_an_upload_is_answered_with_its_path_in_the_box_and_a_file_comes_back(reflex: Whole, tmp_path: Path):
    path = tmp_path / "my notes.txt"
    path.write_text("hello from outside")
    user = f"ada-{new_id()[-12:]}"
    async with ChatSession(user=user, session="files", home=reflex.home.path) as chat:
        assert await chat.upload_document(path) == "/data/my notes.txt"
        assert "hello from outside" in await chat.chat("run cat '/data/my notes.txt'")
        await chat.chat("run tr a-z A-Z < '/data/my notes.txt' > /return/loud.txt")
    listed = await reflex.daimon("files", "--user", user)
    assert [line.split()[2] for line in listed.out.splitlines()[2:]] == ["in", "back"]
    got = await reflex.daimon("files", "get", "loud.txt", "--user", user, "--to", str(tmp_path / "loud.txt"))
    assert got.out == f"Wrote {tmp_path / 'loud.txt'} (18 bytes)\n"
    assert (tmp_path / "loud.txt").read_text() == "HELLO FROM OUTSIDE"
    strange = await reflex.daimon("files", "get", "loud.txt", "--user", "bob", "--to", str(tmp_path / "stolen.txt"))
    assert strange.code == 1


async def test_a_file_handed_in_at_the_command_line_says_where_it_lies(reflex: Whole, tmp_path: Path):
    (tmp_path / "a.txt").write_text("a")
    user = f"ada-{new_id()[-12:]}"
    words = ("upload", str(tmp_path / "a.txt"), "--user", user, "--conversation", "desk")
    assert (await reflex.daimon(*words)).out == "Uploaded a.txt (1 byte)\nIn the box: /data/a.txt\n"
    missing = await reflex.daimon("upload", str(tmp_path / "b.txt"), "--user", user)
    assert missing.code == 1
    assert "Cannot read" in missing.err
