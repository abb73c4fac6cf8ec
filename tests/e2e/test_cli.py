"""The command line, as a person or a script uses it, against a whole running system."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import signal
from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest

from daimon.connection import connect
from daimon.links import unlinked
from daimon.tail import tail
from daimon.up.home import Home
from proto import chat, tasks
from proto.base import new_id
from proto.events import Event
from proto.llm import MenuItem
from proto.memory import Hits, Rows
from proto.tasks import Task, TaskChange
from tests.fakes.ollama import FakeOllama, Reply, act
from tests.support.prompts import said
from tests.support.whole import Ran, Whole, end, line_of, whole_daimon


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def add(whole: Whole, user: str, *titles: str) -> None:
    async with connect(whole.home.path, user) as connection:
        for title in titles:
            await connection.call(tasks.ADD, tasks.AddTask(title=title))


def only_lines(text: str) -> list[str]:
    assert "\033" not in text, "a pipe gets no colours"
    return text.splitlines()


async def test_a_command_is_done_and_says_what_it_did(reflex: Whole, ada: str) -> None:
    assert await reflex.daimon("do", "add", "buy milk", "to", "my", "list", "--user", ada) == Ran(
        code=0, out="Added task 'buy milk'\n", err=""
    )
    done = await reflex.daimon("do", "--json", "add call mum to my list", "--user", ada)
    found = msgspec.json.decode(done.out)
    assert (found["outcome"], unlinked(found["answer"])) == ("done", "Added task 'call mum'")
    assert [(tool["action"], tool["ok"]) for tool in found["tools"]] == [("tasks.add", True)]


async def test_a_command_that_cannot_be_done_exits_with_1_and_says_why(reflex: Whole, ada: str) -> None:
    done = await reflex.daimon("do", "mark the nonexistent thing as done", "--user", ada)
    assert done.code == 1
    assert "nonexistent" in done.out + done.err
    assert "Traceback" not in done.err


async def test_tasks_are_added_marked_renamed_moved_and_deleted(reflex: Whole, ada: str) -> None:
    async def run(*words: str) -> str:
        ran = await reflex.daimon("tasks", *words, "--user", ada)
        assert (ran.code, ran.err) == (0, ""), ran
        return ran.out

    assert await run("add", "buy", "milk") == "Added task 'buy milk'\n"
    assert await run("add", "call mum") == "Added task 'call mum'\n"
    assert await run("done", "milk") == "Completed task 'buy milk'\n"
    assert await run("move", "2", "1") == "Moved task 'call mum' from 2nd to 1st\n"
    assert await run("rename", "1", "call", "dad") == "Renamed task 'call mum' to 'call dad'\n"
    assert await run() == "  1  [ ]  call dad\n  2  [x]  buy milk\n"
    assert await run("reopen", "2") == "Reopened task 'buy milk'\n"
    changed = msgspec.json.decode(await run("delete", "1", "--json"), type=TaskChange)
    assert changed.sentence == "Deleted task 'call dad'"
    left = msgspec.json.decode(await run("--json"), type=list[Task])
    assert [(task.title, task.done, task.position) for task in left] == [("buy milk", False, 1)]


async def test_a_refusal_is_one_sentence_on_standard_error(reflex: Whole, ada: str) -> None:
    ran = await reflex.daimon("tasks", "done", "no such task", "--user", ada)
    assert (ran.code, ran.out) == (1, "")
    assert len(only_lines(ran.err)) == 1
    assert ran.err.startswith("daimon: ")


async def test_the_menu_lists_what_runs_now(reflex: Whole) -> None:
    shown = await reflex.daimon("actions")
    assert only_lines(shown.out)[0].split()[:3] == ["action", "risk", "service"]
    listed = await reflex.daimon("actions", "--json")
    menu = {item.name: item for item in msgspec.json.decode(listed.out, type=list[MenuItem])}
    assert {"tasks.add", "tasks.move", "memory.search", "memory.sql", "sandbox.run"} <= menu.keys()
    assert all(name in shown.out for name in menu)
    assert msgspec.json.decode(menu["tasks.add"].schema)["required"] == ["title"]


async def test_events_show_what_happened_oldest_first(reflex: Whole, ada: str) -> None:
    await add(reflex, ada, "buy milk", "call mum")
    await reflex.caught_up()
    lines = only_lines((await reflex.daimon("events", "--user", ada)).out)
    assert [line.split(maxsplit=4)[2:] for line in lines] == [
        ["user", "task.added", "Added task 'buy milk'"],
        ["user", "task.added", "Added task 'call mum'"],
    ]
    last = await reflex.daimon("events", "--user", ada, "--json", "--limit", "1", "--kind", "task")
    (event,) = [msgspec.json.decode(line, type=Event) for line in last.out.splitlines()]
    assert event.sentence == "Added task 'call mum'"
    none = await reflex.daimon("events", "--user", ada, "--kind", "chat")
    assert (none.out, none.err) == ("", "Nothing of that kind has happened yet.\n")


async def test_following_shows_the_past_then_each_event_once_as_it_happens(reflex: Whole, ada: str) -> None:
    await add(reflex, ada, "old")
    await reflex.caught_up()
    # Right before the start, so that SQL may not have it yet while the log has.
    await add(reflex, ada, "new")
    process = await reflex.start("-m", "daimon", "events", "--follow", "--json", "--kind", "task", "--user", ada)
    try:
        seen = [await line_of(process), await line_of(process)]
        await add(reflex, ada, "live 1", "live 2")
        seen += [await line_of(process), await line_of(process)]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    finally:
        await end(process)
    sentences = [msgspec.json.decode(line, type=Event).sentence for line in seen]
    assert sentences == [f"Added task '{title}'" for title in ("old", "new", "live 1", "live 2")]


async def test_search_finds_by_words_and_by_meaning(reflex: Whole, ada: str) -> None:
    await add(reflex, ada, "buy milk", "fix the bicycle")
    await reflex.caught_up()
    found = await reflex.daimon("search", "groceries", "--user", ada)
    assert "Added task 'buy milk'" in only_lines(found.out)[0]
    hits = msgspec.json.decode((await reflex.daimon("search", "bicycle", "--user", ada, "--json")).out, type=Hits)
    assert hits.hits[0].sentence == "Added task 'fix the bicycle'"
    assert "words" in hits.hits[0].why
    nothing = await reflex.daimon("search", "bicycle", "--kind", "sandbox", "--user", ada)
    assert (nothing.code, nothing.out) == (1, "")


async def test_sql_comes_as_a_table_as_csv_and_as_json(reflex: Whole, ada: str) -> None:
    await add(reflex, ada, "buy milk", 'say "hi", twice')
    await reflex.caught_up()
    ask = "select title, position from tasks order by position"
    table = await reflex.daimon("sql", ask, "--user", ada)
    assert only_lines(table.out) == [
        "title            position",
        "───────────────  ────────",
        "buy milk                1",
        'say "hi", twice         2',
    ]
    sheet = await reflex.daimon("sql", "--csv", "-", "--user", ada, stdin=ask)
    assert list(csv.reader(io.StringIO(sheet.out)))[1:] == [["buy milk", "1"], ['say "hi", twice', "2"]]
    rows = msgspec.json.decode((await reflex.daimon("sql", ask, "--json", "--user", ada)).out, type=Rows)
    assert (rows.columns, rows.rows[0]) == (("title", "position"), ("buy milk", 1))
    explained = await reflex.daimon("sql", "--views", "--user", ada)
    assert "tasks: The task list as it is now." in explained.out
    assert re.search(r"position +integer +Place in the list, counted from 1\.", explained.out)


@pytest.mark.parametrize("ask", ["selec", "delete from tasks", "select 1; select 2", "select * from pg_shadow"])
async def test_sql_that_is_not_allowed_is_refused_in_a_sentence(reflex: Whole, ask: str) -> None:
    ran = await reflex.daimon("sql", ask)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("daimon: ")
    assert "Traceback" not in ran.err


async def test_a_link_signs_in_once(reflex: Whole, ada: str) -> None:
    ran = await reflex.daimon("link", "--user", ada)
    assert ran.out.startswith(f"{reflex.address}/in/")
    assert ran.err == f"It signs {ada} in once, within 60 minutes.\n"
    assert await status_of("POST", ran.out.strip()) == 303
    assert await status_of("POST", ran.out.strip()) == 410


async def status_of(method: str, url: str) -> int:
    host, _, path = url.removeprefix("http://").partition("/")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(
        f"{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def test_an_answer_streams_and_the_conversation_goes_on(
    scripted: Whole, model_server: FakeOllama, ada: str
) -> None:
    first = await scripted.daimon("chat", "hello there", "--conversation", "trip", "--user", ada)
    assert first == Ran(code=0, out="You said: hello there\n", err="")
    second = await scripted.daimon("chat", "--conversation", "trip", "--user", ada, stdin="and again")
    assert second.out == "You said: and again\n"
    assert said(model_server.chats[-1]) == ["hello there", "You said: hello there", "and again"]


async def test_an_action_on_the_way_shows_in_the_parts(scripted: Whole, ada: str) -> None:
    ran = await scripted.daimon("chat", "add buy milk to my list", "--json", "--user", ada)
    parts: list[chat.Part] = [msgspec.json.decode(line, type=chat.Part) for line in ran.out.splitlines()]
    used = [(type(part).__name__, part.tool.action) for part in parts if isinstance(part, chat.Calling | chat.Returned)]
    assert used == [("Calling", "tasks.add"), ("Returned", "tasks.add")]
    assert isinstance(parts[-1], chat.Ended)
    assert "Added task 'buy milk'" in parts[-1].answer


async def first_of(whole: Whole, user: str, kind: str) -> chat.Answered:
    """Wait for the first event of a kind."""
    async with connect(whole.home.path, user) as connection, aclosing(tail(connection.bus, user, 0)) as log:
        async with asyncio.timeout(20):
            event = await anext(one.event async for one in log if one.event.kind == kind)
    return msgspec.json.decode(event.data, type=chat.Answered)


async def test_ctrl_c_stops_the_answer(scripted: Whole, model_server: FakeOllama, ada: str) -> None:
    model_server.script = lambda _: Reply(text=tuple(f"{n}\n" for n in range(10_000)), rate=200)
    process = await scripted.start("-m", "daimon", "chat", "count", "--conversation", "long", "--user", ada)
    try:
        assert await line_of(process) == "0"
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    finally:
        await end(process)
        model_server.script = act
    answered = await first_of(scripted, ada, chat.Answered.kind)
    assert answered.outcome == "stopped"
    assert answered.text.startswith("0\n")


async def test_a_reader_that_goes_away_is_no_error(reflex: Whole, ada: str) -> None:
    await add(reflex, ada, "a", "b")
    process = await reflex.start("-c", PIPED, "events", "--user", ada, "--follow")
    assert await line_of(process)
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined]
    await add(reflex, ada, "c")
    async with asyncio.timeout(20):
        _, err = await process.wait(), await process.stderr.read() if process.stderr else b""
    assert err == b""


PIPED = "import sys; from daimon import cli; sys.exit(cli.run(sys.argv[1:]))"


@pytest.mark.parametrize(
    "words",
    [
        ("chat", "hello"),
        ("do", "add milk"),
        ("tasks",),
        ("tasks", "add", "milk"),
        ("actions",),
        ("events",),
        ("events", "--follow"),
        ("search", "x"),
        ("sql", "select 1"),
        ("link",),
        ("keys",),
        ("users",),
        ("credentials", "list"),
    ],
)
async def test_where_nothing_runs_every_command_says_how_to_start(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = await Whole(Home(path=tmp_path)).daimon(*words)
    assert (ran.code, ran.out) == (1, "")
    assert len(only_lines(ran.err)) == 1
    assert "bin/daimon up" in ran.err


async def test_two_homes_run_side_by_side(reflex: Whole, tmp_path: Path) -> None:
    async with whole_daimon(tmp_path) as other:
        await other.daimon("tasks", "add", "only here")
        assert "only here" in (await other.daimon("tasks")).out
        assert "only here" not in (await reflex.daimon("tasks")).out


async def test_a_conversation_is_asked_again_seen_named_and_exported(scripted: Whole, ada: str) -> None:
    talk = new_id()

    async def chat_(*words: str) -> Ran:
        return await scripted.daimon("chat", "--user", ada, "--conversation", talk, *words)

    assert (await chat_("hello")).out == "You said: hello\n"
    assert (await chat_("--edit", "1", "good", "evening")).out == "You said: good evening\n"
    assert (await chat_("--regenerate")).out == "You said: good evening\n"
    ran = await scripted.daimon("versions", talk, "1", "1", "--user", ada)
    assert (ran.code, ran.err) == (0, "That version is read now.\n")
    assert re.search(r"^> +1 +1/3 +hello +You said: hello$", ran.out, re.MULTILINE)
    assert re.search(r"^ +1 +3/3 +good evening +You said: good evening$", ran.out, re.MULTILINE)
    assert "of question 1; it has 3" in (await scripted.daimon("versions", talk, "1", "4", "--user", ada)).err
    assert (await chat_("and", "then")).out == "You said: and then\n"
    branched = await scripted.daimon("versions", talk, "1", "--branch", "--user", ada)
    assert "and then" not in branched.out
    assert (await scripted.daimon("versions", talk, "1", "3", "--user", ada)).code == 0
    refused = await chat_("--continue")
    assert (refused.code, refused.out) == (1, "")
    assert "complete" in refused.err
    assert "There is no question 7" in (await chat_("--edit", "7", "x")).err
    seen = await chat_("--seen", "last")
    assert "## user\ngood evening" in seen.out
    assert "You are Daimon" in seen.out
    assert (await chat_("--title", "Greetings")).code == 0
    exported = await scripted.daimon("export-chat", talk, "--user", ada)
    assert exported.out.startswith("# Greetings\n")
    whole = msgspec.json.decode((await scripted.daimon("export-chat", talk, "--user", ada, "--json")).out)
    assert [each["asked"] for each in whole["exchanges"]] == ["hello", "good evening", "good evening", "and then"]
    stranger = await scripted.daimon("export-chat", talk, "--user", f"{ada}-other")
    assert (stranger.code, stranger.out) == (1, "")
    assert "--conversation" in (await scripted.daimon("chat", "--user", ada, "--regenerate")).err
