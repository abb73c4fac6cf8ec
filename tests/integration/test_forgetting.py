"""Forgetting: gone from the log, SQL, the words and the vectors, and the proof still holds."""

from __future__ import annotations

import contextlib

import msgspec
import psycopg
import pytest

from proto import accounts, chat, documents, errors, events, forgetting, retention, sandbox, tasks
from proto.base import Caller, Nothing
from proto.events import happened
from services.memory.retention import parse
from services.runtime.settings import SettingsError
from services.tasks.main import serve as serve_tasks
from services.tasks.settings import TasksSettings
from tests.integration.others import others
from tests.integration.test_as_of import rebuilt
from tests.integration.test_memory_proof import verified
from tests.support.running import running

pytest_plugins = ("tests.integration.memory_fixtures",)

ADA, BOB = Caller(user="ada"), Caller(user="bob")
SECRET = "gardenia"


async def forget(daimon, caller: Caller = ADA, **what: object) -> forgetting.Forgotten:
    return await daimon.cli.call(forgetting.FORGET, forgetting.Forget(**what), caller=caller, timeout=30)


async def traces(daimon, settings, word: str = SECRET) -> list[str]:
    """Every table with a row that has the word, and the log."""
    found = []
    async with await psycopg.AsyncConnection.connect(settings.database, autocommit=True) as connection:
        names = await connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (name,) in await names.fetchall():
            rows = await connection.execute(f"SELECT count(*) FROM {name} AS t WHERE t::text ILIKE '%{word}%'")
            if (await rows.fetchone())[0]:
                found.append(name)
    log = await daimon.cli.journal.read(events.ALL)
    pieces = await daimon.cli.feed(chat.PARTS).read("ada", "c1", "turn")
    found += ["feed" for piece in pieces if word in str(piece)]
    return found + ["log" for one in log if word in bytes(one.event.data).decode() + one.event.sentence]


@contextlib.asynccontextmanager
async def lived(daimon, settings):
    """Two users, one of whom has said and planned a thing to be forgotten."""
    here = msgspec.structs.replace(ADA, conversation="c1")
    async with daimon.remembering(settings), others(daimon):
        await daimon.record(tasks.TaskAdded(task="t1", title="buy milk"), ADA)
        planted, _ = await daimon.record(tasks.TaskAdded(task="t2", title=f"plant the {SECRET}"), ADA)
        asked, _ = await daimon.record(chat.Asked(text=f"Where does a {SECRET} grow?"), here)
        await daimon.record(chat.Answered(turn=asked, text=f"A {SECRET} likes shade."), here)
        await daimon.llm.feed(chat.PARTS).append(
            chat.Text(attempt=1, offset=0, text=f"A {SECRET}"), "ada", "c1", "turn"
        )
        await daimon.record(tasks.TaskAdded(task="b1", title="fix bike"), BOB)
        await daimon.embedded()
        yield planted


async def test_an_event_is_gone_everywhere_and_the_proof_holds(alone, database):
    async with lived(alone, database) as planted:
        before = await rebuilt(alone)
        assert (await forget(alone, event=planted)).sentence == "Forgot an event: 1 event"
        assert await verified(alone) == []
        assert (await alone.sql("select title from tasks", ADA)).rows == (("buy milk",),)
        assert await alone.cli.journal.read(events.of_noun("task", "ada"), after=1) == []
        after = await rebuilt(alone)
        assert (after.mended, after.before) == (0, after.after)
        assert before.after != after.after
        assert await verified(alone) == []


async def test_a_conversation_leaves_no_trace(alone, database):
    async with lived(alone, database) as planted:
        assert {"log", "feed"} <= set(await traces(alone, database))
        await forget(alone, event=planted)
        assert (await forget(alone, conversation="c1")).events == 2
        assert await traces(alone, database) == []
        hits = [*(await alone.search(SECRET, ADA)).hits, *(await alone.search("shade", ADA)).hits]
        assert not any("shade" in hit.sentence or "grow" in hit.sentence for hit in hits)
        async with await psycopg.AsyncConnection.connect(database.database) as connection:
            rows = await connection.execute(
                "SELECT kind, sentence, data::text, length(digest), length(chain) FROM events"
                " WHERE forgotten IS NOT NULL"
            )
            assert set(await rows.fetchall()) == {("", "", "{}", 32, 32)}
        assert await verified(alone) == []


async def test_everything_of_one_user_goes_and_nothing_of_another(alone, database):
    async with lived(alone, database):
        forgotten = await forget(alone, everything=True)
        assert forgotten.events == 4
        (only,) = await alone.cli.journal.read(events.of_user("ada"))
        assert only.event.sentence == "Forgot everything: 4 events"
        assert await traces(alone, database) == []
        assert (await alone.sql("select title from tasks", BOB)).rows == (("fix bike",),)
        assert await verified(alone) == []
        async with await psycopg.AsyncConnection.connect(database.database) as connection:
            texts = await connection.execute(
                "SELECT count(*) FROM vectors WHERE NOT EXISTS (SELECT FROM events"
                " WHERE events.text_hash = vectors.text_hash)"
            )
            assert (await texts.fetchone()) == (0,)


async def test_a_text_that_somebody_else_said_too_keeps_its_vector(alone, database):
    async with alone.remembering(database):
        mine, _ = await alone.record(tasks.TaskAdded(task="t1", title="buy milk"), ADA)
        await alone.record(tasks.TaskAdded(task="t1", title="buy milk"), BOB)
        await alone.embedded()
        await forget(alone, event=mine)
        assert [hit.sentence for hit in (await alone.search("groceries", BOB)).hits] == ["Added task 'buy milk'"]


async def uploaded(daimon, caller: Caller, content: bytes) -> str:
    """Put a file into the bucket and make it a document."""

    async def pieces():
        yield content

    kept = await daimon.cli.objects(documents.FILES).put(caller.user, pieces(), limit=1000)
    added = documents.AddDocument(name=f"{SECRET}.txt", size=kept.size, sha256=kept.sha256)
    await daimon.cli.call(documents.ADD, added, caller=caller)
    await daimon.embedded()
    return kept.sha256


async def test_files_and_the_box_go_with_their_conversation_and_others_stay(alone, database):
    files = alone.cli.objects(documents.FILES)
    here, there = (msgspec.structs.replace(ADA, conversation=name) for name in ("c1", "c2"))
    async with alone.remembering(database), others(alone) as home:
        gone = await uploaded(alone, here, b"in one")
        both = [await uploaded(alone, caller, b"in both") for caller in (here, there, BOB)]
        for caller in (here, there):
            run = sandbox.Run(command=f"mkdir closed; echo {SECRET} > closed/file; chmod 0 closed; cat /data/*")
            ran = await alone.cli.call(sandbox.RUN, run, caller=caller, timeout=30)
            assert "in both" in ran.stdout
        assert len([*home.glob("ada-*/*")]) == 2
        await forget(alone, conversation="c1")
        assert [await files.find("ada", sha256) is not None for sha256 in (gone, both[0])] == [False, True]
        assert len([*home.glob("ada-*/*")]) == 1
        listed = await alone.cli.call(sandbox.RUN, sandbox.Run(command="ls /data"), caller=here, timeout=30)
        assert listed.stdout == ""
        await forget(alone, everything=True)
        assert await files.of("ada") == ()
        assert await files.of("bob") == (both[0],)
        assert [*home.glob("ada-*/*")] == []


async def test_a_document_that_is_deleted_takes_its_bytes_along(alone, database):
    async with alone.remembering(database), others(alone):
        sha256 = await uploaded(alone, ADA, b"to be deleted")
        deleted = documents.DeleteDocument(document=f"{SECRET}.txt")
        await alone.cli.call(documents.DELETE, deleted, caller=ADA)
        assert await alone.cli.objects(documents.FILES).find("ada", sha256) is None
        # A box that is opened only now does without it.
        here = msgspec.structs.replace(ADA, conversation="")
        ran = await alone.cli.call(sandbox.RUN, sandbox.Run(command="ls /data"), caller=here, timeout=30)
        assert ran.exit_code == 0


async def test_a_part_that_fails_is_named_and_taken_up_again(alone, database):
    async with alone.remembering(database):
        await alone.record(tasks.TaskAdded(task="t1", title=SECRET), ADA)
        await alone.embedded()
        with pytest.raises(errors.Unavailable) as failure:
            await forget(alone, everything=True)
        assert failure.value.message == (
            "Not everything could be forgotten. What is left: the box (Nothing answers sandbox.erase_boxes right now;"
            " `daimon status` shows what runs); sessions and keys (Nothing answers gateway.erase_access right now;"
            " `daimon status` shows what runs). The events stay until then, so that it can be taken up: have the same"
            " forgotten again."
        )
        assert await traces(alone, database) != []
        async with others(alone):
            assert (await forget(alone, everything=True)).events == 1
        assert await traces(alone, database) == []


async def test_an_event_that_stands_in_the_log_twice_is_erased_twice(alone, database):
    twice = happened(tasks.TaskAdded(task="t", title=SECRET), ADA)
    async with alone.remembering(database):
        await alone.append(twice)
        await alone.append(msgspec.structs.replace(twice, key="again"))
        await forget(alone, event=twice.id)
        assert await traces(alone, database) == []
        assert await verified(alone) == []


async def test_nobody_forgets_for_another_and_the_model_not_at_all(alone, database):
    async with lived(alone, database) as planted:
        with pytest.raises(errors.Missing, match="nothing of yours to forget"):
            await forget(alone, BOB, event=planted)
        with pytest.raises(errors.Missing):
            await forget(alone, BOB, conversation="c1")
        model = msgspec.structs.replace(ADA, actor="model")
        with pytest.raises(errors.Refused, match="Only the user"):
            await alone.llm.call(forgetting.FORGET, forgetting.Forget(event=planted), caller=model)
        with pytest.raises(errors.Invalid, match="Say what to forget"):
            await forget(alone)


async def test_what_was_interrupted_is_shown_and_finished_by_doing_it_again(alone, database):
    async with lived(alone, database) as planted:
        memory = alone.bus("memory")
        await memory.eraser.events([2])
        assert [(problem.sequence, problem.problem) for problem in await verified(alone)] == [(2, "lost")]
        await forget(alone, event=planted)
        assert await verified(alone) == []


async def test_a_list_in_memory_forgets_too_and_can_still_be_changed(alone, database):
    async with alone.remembering(database), running(serve_tasks, TasksSettings(), alone.bus("tasks")):
        await alone.cli.call(tasks.ADD, tasks.AddTask(title="buy milk"), caller=ADA)
        secret = await alone.cli.call(tasks.ADD, tasks.AddTask(title=SECRET), caller=ADA)
        async with alone.cli.follow(events.of_kind(forgetting.Forgot.kind)) as live:
            await forget(alone, event=secret.event)
            await live.next()
        added = await alone.cli.call(tasks.ADD, tasks.AddTask(title="call mum"), caller=ADA)
        assert added.task.position == 2
        listed = await alone.cli.call(tasks.LIST, tasks.ListTasks(), caller=ADA)
        assert [task.title for task in listed.tasks] == ["buy milk", "call mum"]


async def test_what_is_older_than_its_kind_is_kept_goes(alone, database):
    async with alone.remembering(msgspec.structs.replace(database, keep="")):
        old = happened(accounts.Visited(path="/old"), ADA)
        aged = msgspec.structs.replace(old, time=old.time.replace(year=2020))
        await alone.append(aged)
        await alone.record(accounts.Visited(path="/new"), ADA)
        await alone.record(tasks.TaskAdded(task="t", title="stays"), ADA)
        await alone.embedded()
    async with (
        alone.cli.follow(events.of_kind(forgetting.Forgot.kind)) as live,
        alone.remembering(msgspec.structs.replace(database, keep="page.visited=30")),
    ):
        assert (await live.next()).sentence == "Forgot what is older than 30 days of page.visited: 1 event"
        assert await traces(alone, database, "/old") == []
        assert await traces(alone, database, "/new") != []
        assert await verified(alone) == []


async def test_a_user_chooses_how_long_a_kind_of_their_own_is_kept(alone, database):
    bob = Caller(user="bob")
    async with alone.remembering(database):
        for caller in (ADA, bob):
            old = happened(accounts.Visited(path=f"/old-{caller.user}"), caller)
            await alone.append(msgspec.structs.replace(old, time=old.time.replace(year=2020)))
        await alone.record(accounts.Visited(path="/new"), ADA)
        await alone.embedded()
        async with alone.cli.follow(events.of_kind(forgetting.Forgot.kind)) as live:
            chosen = retention.Retain(kind="page.visited", days=30)
            kept = await alone.cli.call(retention.RETAIN, chosen, caller=ADA)
            assert retention.KeptKind(kind="page.visited", days=30) in kept.kinds
            assert (await live.next()).user == ADA.user
        assert await traces(alone, database, f"/old-{ADA.user}") == []
        assert await traces(alone, database, "/old-bob") != []
        assert await traces(alone, database, "/new") != []
        theirs = await alone.cli.call(retention.LIST, Nothing(), caller=bob)
        assert not any(kind.days for kind in theirs.kinds)
        back = retention.Retain(kind="page.visited", days=0)
        assert not any(kind.days for kind in (await alone.cli.call(retention.RETAIN, back, caller=ADA)).kinds)
        for kind in ("chat.asked", "task.added", "choice.model", "nonsense"):
            with pytest.raises(errors.Invalid, match=r"page\.visited"):
                await alone.cli.call(retention.RETAIN, retention.Retain(kind=kind, days=1), caller=ADA)


@pytest.mark.parametrize("setting", ["page.visit=3", "page.visited", "page.visited=0", "page.visited=soon"])
def test_a_retention_that_makes_no_sense_is_refused(setting):
    with pytest.raises(SettingsError, match=r"memory\.keep"):
        parse(setting)


async def test_while_recording_is_paused_searches_leave_no_trace(daimon, ada):
    _, sequence = await daimon.record(tasks.TaskAdded(task="t", title="buy milk"), ada)
    await daimon.projected(sequence)
    await daimon.cli.call(forgetting.PAUSE, forgetting.PauseRecording(), caller=ada)
    await daimon.search("milk", ada)
    await daimon.sql("select 1", ada)
    assert await daimon.cli.journal.read(events.of_noun("memory", ada.user)) == []
    await daimon.cli.call(forgetting.RESUME, forgetting.ResumeRecording(), caller=ada)
    await daimon.search("milk", ada)
    (searched,) = await daimon.cli.journal.read(events.of_noun("memory", ada.user))
    assert searched.event.sentence.startswith('Searched for "milk"')
