"""SQL by users and models: their own rows, read only, bounded, whatever they write."""

from __future__ import annotations

import asyncio
import contextlib
import re

import msgspec
import psycopg
import pytest

from daimon.up.postgres import MEMORY
from proto import errors, memory, tasks
from proto.base import Caller

pytest_plugins = ("tests.integration.memory_fixtures",)

SECRET = "the secret of another"
VIEW = re.compile(r"(\w+)\(([^)]*)\)[;.]")


@pytest.fixture
async def ask(daimon, ada):
    """Ask as Ada, where another has a secret."""
    other = msgspec.structs.replace(ada, user=f"{ada.user}-not")
    await daimon.record(tasks.TaskAdded(task="t1", title="buy milk"), ada)
    _, sequence = await daimon.record(tasks.TaskAdded(task="t1", title=SECRET), other)
    await daimon.projected(sequence)

    async def asked(sql: str) -> memory.Rows:
        return await daimon.sql(sql, ada)

    return asked


async def test_every_view_shows_only_ones_own_rows(ask):
    for view in memory.VIEWS:
        assert SECRET not in str((await ask(f"select * from {view}")).rows)


async def test_every_view_and_column_is_explained_to_whoever_asks_in_sql(daimon, ada, ask):
    explained = await daimon.cli.call(memory.EXPLAIN, memory.ListViews(), caller=ada)
    assert [view.name for view in explained.views] == list(memory.VIEWS)
    for view in explained.views:
        assert view.meaning
        assert [column.name for column in view.columns if not column.meaning] == []
        assert (await ask(f"select * from {view.name} limit 0")).columns == tuple(each.name for each in view.columns)
    (one,) = (await daimon.cli.call(memory.EXPLAIN, memory.ListViews(view="commands"), caller=ada)).views
    assert [column.type for column in one.columns if column.name == "seconds"] == ["double precision"]
    with pytest.raises(errors.Missing, match="There is no view 'command'"):
        await daimon.cli.call(memory.EXPLAIN, memory.ListViews(view="command"), caller=ada)


async def test_the_columns_a_model_is_told_of_are_those_there_are(ask):
    told = " ".join(memory.Query.__doc__.split())
    for view in memory.VIEWS:
        found = (await ask(f"select * from {view} limit 0")).columns
        assert f"{view}({', '.join(found)})" in told.replace(" jsonb", "")


async def test_numbers_booleans_and_null_are_values_and_the_rest_is_text(ask):
    found = await ask(
        "select 1 as a, 1.5 as b, true as c, null as d, '2026-01-01'::date as e, array[1, 2] as f, 'x' as a"
    )
    assert found.columns == ("a", "b", "c", "d", "e", "f", "a")
    assert found.rows == ((1, 1.5, True, None, "2026-01-01", "{1,2}", "x"),)


@pytest.mark.parametrize(
    "sql",
    [
        "select title from tasks;",
        "  select title from tasks -- why not",
        "with mine as (select * from tasks) select title from mine",
        "select title from tasks where title like '%milk%'",
        "(select title from tasks order by position limit 1)",
        "select data->>'title' from events where kind = 'task.added'",
        "select t.title from tasks t join events e on e.data->>'task' = t.id where e.kind = 'task.added'",
    ],
)
async def test_ordinary_queries_work(ask, sql):
    assert (await ask(sql)).rows == (("buy milk",),)


async def test_no_row_is_still_an_answer_with_columns(ask):
    found = await ask("select id, title from tasks where false")
    assert (found.columns, found.rows, found.sentence) == (("id", "title"), (), "0 rows")


async def test_two_hundred_rows_are_the_most(ask):
    found = await ask("select * from generate_series(1, 1000) n order by n desc")
    assert (len(found.rows), found.rows[0], found.truncated) == (200, (1000,), True)


async def test_the_model_is_told_the_columns_of_every_view(ask):
    told = {name: columns.replace(" jsonb", "").split(", ") for name, columns in VIEW.findall(memory.Query.__doc__)}
    for view in memory.VIEWS:
        assert (await ask(f"select * from {view} limit 0")).columns == tuple(told[view])


OTHERS = [
    "select * from public.events",
    "select * from public.tasks",
    "select * from public.reader_sessions",
    "update tasks set title = 'x'",
    "insert into tasks (title) values ('x')",
    "delete from events",
    "with gone as (delete from public.tasks returning *) select * from gone",
    "select * from tasks for update",
    "create table mine (n int)",
    "create temp table mine (n int)",
    "select 1 into mine",
    "copy events to '/tmp/events'",
    "truncate public.events",
    "drop view events",
    "select 1; select 2",
    "select 1; commit; delete from public.events",
    "select 1 /*",
    "select 1) as asked limit 1) as answer union all select * from public.events --",
    "select 1) as asked) as answer, lateral (select * from (select 1",
    "set role daimon_memory",
    "set local role daimon_memory",
    "reset role",
    "begin read write",
    "rollback",
    "do $$ begin raise exception 'x'; end $$",
    "explain analyze select 1",
    "prepare other as select 1",
    "execute question",
    "fetch all from answer",
    "lock table events",
    "listen daimon",
    "select set_config('role', 'daimon_memory', false)",
    "select set_config('statement_timeout', '0', false)",
    "select set_config('default_transaction_read_only', 'off', false)",
    "select set_config('search_path', 'public', true), title from tasks",
    "select query_to_xml('select * from public.events', true, false, '')",
    "select table_to_xml('public.events', true, false, '')",
    "select database_to_xml(true, false, '')",
    "select cursor_to_xml('answer', 10, true, false, '')",
    "select * from ts_stat('select fts from public.events')",
    "select ts_rewrite('a'::tsquery, 'select fts, fts from public.events')",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select pg_stat_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "select lo_from_bytea(0, 'x')",
    "select lo_creat(-1)",
    "select * from pg_stat_activity",
    "select * from pg_stat_get_activity(null)",
    "select pg_stat_get_backend_activity(1)",
    "select * from pg_prepared_statements",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select pg_cancel_backend(1)",
    "select pg_terminate_backend(1)",
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_lock(hashtext('daimon'), 2)",
    "select pg_notify('a', 'b')",
    "select pg_logical_emit_message(false, 'a', 'b')",
    "select pg_sleep(1)",
    "select pg_sleep_for('1 s')",
    "select dblink('host=localhost', 'select 1')",
    "select * from pg_largeobject",
    "select * from pg_statistic",
    "select current_setting('data_directory')",
    "select public.wanted('x')",
    "select nextval('pg_toast.x')",
    "select * from public.documents",
    "select * from public.passages",
    "table public.vectors",
    "select reader.asker() from public.reader_sessions",
    "set row_security = off",
    "select set_config('row_security', 'off', false)",
    "create view reader.mine as select 1",
    "create function pg_temp.f() returns int language sql as 'select 1'",
    "alter view events set (security_invoker = off)",
    "alter table public.events disable row level security",
    "drop policy of_asker on public.events",
    "copy (select 1) to program 'id'",
    "copy (select sentence from events) to stdout",
    "select lo_get(1)",
    "select lo_export(1, '/tmp/x')",
    "select lo_open(1, 131072)",
    "select loread(1, 10)",
    "create extension dblink",
    "load 'dblink'",
    "select dblink_connect('host=127.0.0.1')",
    "select pg_read_server_files('x')",
    "select pg_current_logfile()",
    "select pg_ls_waldir()",
    "select pg_ls_tmpdir()",
    "select pg_export_snapshot()",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_switch_wal()",
    "select pg_create_restore_point('x')",
    "select pg_relation_size('reader.events')",
    "select pg_database_size(current_database())",
    "select currtid2('reader.events', '(0,1)')",
    "select * from pg_hba_file_rules",
    "select * from pg_file_settings",
    "select * from pg_locks",
    "select * from pg_stat_user_tables",
    "select * from pg_statistic_ext_data",
    "select pg_stat_get_tuples_inserted(1)",
    "select pg_log_backend_memory_contexts(1)",
    "select pg_partition_root('public.vectors')",
    "select ctid from tasks",
    "select tableoid::regclass from tasks",
    "select 'public.events'::regclass",
    "select to_json(e) from public.events e",
    "select (null::public.events).sentence",
    "select has_table_privilege('public.events', 'select')",
]


@pytest.mark.parametrize("sql", OTHERS)
async def test_what_reaches_beyond_reading_ones_own_rows_is_refused(ask, sql):
    with pytest.raises(errors.Failure) as failure:
        await ask(sql)
    assert type(failure.value) in {errors.Invalid, errors.Refused}
    assert SECRET not in failure.value.message


LEAKS = [
    # Functions that fail on what they see must not see the rows of others.
    "select title from tasks where 1 / (case when title like '%secret%' then 0 else 1 end) = 1",
    "select title from tasks where title = 'buy milk' or title::int = 1",
    "select count(*) from events where sentence ~ 'secret' and length(repeat('x', 1000)) > 0",
    "select title from tasks natural join (select 1) x union all select title from tasks",
    "select most_common_vals from pg_stats where schemaname in ('public', 'reader')",
    "select histogram_bounds from pg_stats where tablename in ('events', 'tasks')",
    "select row_to_json(t) from tasks t",
    "select (tasks).title from tasks",
    "select (select title from tasks t where t.id = tasks.id) from tasks",
    "select string_agg(sentence, ' ') over () from events",
    "select * from tasks, lateral (select * from events where data->>'task' = tasks.id) e",
    "with recursive r as (select title, 1 n from tasks union all select title, n + 1 from r where n < 3) table r",
    "select user_name from (select * from tasks) t(user_name)",
    "select pg_get_viewdef('reader.tasks'), current_user, session_user, current_setting('search_path')",
    "select * from information_schema.views where table_schema = 'reader'",
    # Casts that say in their message what they were given.
    "select sentence::int from events where sentence like '%secret%'",
    "select sentence::json from events where sentence like '%secret%'",
    "select title::uuid from tasks where id = 't1' and title like '%secret%'",
    "select title::date from tasks order by title desc",
    "select ('{' || title || '}')::int[] from tasks where title ~ 'secret'",
    "select cast(data->>'title' as numeric) from events where data->>'title' ~ 'secret'",
    "select json_populate_record(null::reader.tasks, to_json(t)) from tasks t",
    "select jsonb_path_query(data, '$.title ? (@ like_regex \"secret\")') from events",
    "select unistr(title) from tasks",
    "select format('%s', title) from tasks where format('%s', title) like '%secret%'",
    "select title from tasks where to_tsvector(title) @@ 'secret'",
    # A policy that is asked in a subquery, a window, a set or a join is still asked.
    "select title from tasks where exists (select from events where sentence like '%secret%')",
    "select t.title, e.sentence from tasks t full join events e on true",
    "select first_value(title) over (order by title desc) from tasks",
    "select title from tasks union select sentence from events union select text from messages",
    "select max(title), min(title) from tasks",
    "select * from (values (1)) v left join tasks on title like '%secret%'",
    "select percentile_disc(1) within group (order by title) from tasks",
    "select array_agg(s) from (select sentence from events order by length(sentence) desc) q(s)",
    "select * from pg_policies",
    "select * from pg_stats_ext",
    "select reader.asker(), current_setting('row_security')",
    "select relname, reloptions, relacl from pg_class where relnamespace = 'public'::regnamespace",
]


@pytest.mark.parametrize("sql", LEAKS)
async def test_no_query_shows_what_is_anothers(ask, sql):
    try:
        found = str((await ask(sql)).rows)
    except errors.Invalid as failure:
        found = failure.message
    assert SECRET not in found


async def test_the_number_of_anothers_rows_cannot_be_counted(ask):
    for view in memory.VIEWS:
        ((own,),) = (await ask(f"select count(*) from {view}")).rows
        assert own <= 1, view


async def test_a_query_takes_no_longer_where_another_has_much(daimon, ada, ask):
    """Were the rows of others looked at, this one would run for hours; who asks has one."""
    other = msgspec.structs.replace(ada, user=f"{ada.user}-much")
    for _ in range(200):
        _, sequence = await daimon.record(tasks.TaskAdded(task="t", title="x" * 500), other)
    await daimon.projected(sequence)
    slow = "regexp_count(repeat(a.sentence || b.sentence || c.sentence, 100), 'milk, bread') > 0"
    found = await ask(f"select count(*) from events a, events b, events c where {slow}")
    assert found.rows == ((0,),)


async def test_the_tables_themselves_show_a_reader_only_the_rows_of_who_asks(alone, database, memory_postgres):
    """Also where somebody gives the reader every right on them: the policy stands at the table, not in the view."""
    name = psycopg.conninfo.conninfo_to_dict(database.database)["dbname"]
    async with alone.remembering(database):
        for user, title in (("ada", "buy milk"), ("bob", SECRET)):
            _, sequence = await alone.record(tasks.TaskAdded(task="t1", title=title), Caller(user=user))
        await alone.projected(sequence)
        async with memory_postgres.superuser(name) as granting:
            await granting.execute("GRANT USAGE ON SCHEMA public TO daimon_reader")
            await granting.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO daimon_reader")
            found = await granting.execute(
                "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
                " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = 'user_name'"
            )
            tables = {table for (table,) in await found.fetchall()}
        assert tables >= {"events", "tasks", "passages", "reader_sessions"}
        async with await psycopg.AsyncConnection.connect(database.reader, autocommit=True) as reader:
            async with memory_postgres.superuser(name) as seating:
                seat = "INSERT INTO public.reader_sessions (pid, user_name) VALUES (%s, 'ada')"
                await seating.execute(seat, [reader.info.backend_pid])
            for table in tables:
                rows = await (await reader.execute(f"SELECT * FROM public.{table}")).fetchall()
                assert "bob" not in str(rows)
                assert SECRET not in str(rows)
                with contextlib.suppress(psycopg.Error):
                    assert (await reader.execute(f"UPDATE public.{table} SET user_name = 'ada'")).rowcount == 0
            assert len(await (await reader.execute("SELECT * FROM public.events")).fetchall()) == 1


TOO_MUCH = [
    ("select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b", errors.TimedOut),
    ("select array_length(array_agg(repeat('x', 100000000) || n), 1) from generate_series(1, 1000) n", errors.TimedOut),
    ("select repeat('x', 600000)", errors.TooLarge),
    ("select repeat('x', 400000) from generate_series(1, 200)", errors.TooLarge),
    ("select string_agg(repeat('x', 300000000), '') from generate_series(1, 9)", errors.TooLarge),
    ("select * from generate_series(1, 100000000000)", errors.TooLarge),
    ("select length(a || b) from (select repeat('x', 900000000) a, repeat('y', 900000000) b) t", errors.TooLarge),
    (
        "with recursive r(x) as (select repeat('x', 1000) union all select x || x from r) select count(*) from r",
        errors.TooLarge,
    ),
    ("with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r", errors.TimedOut),
]


async def test_one_query_cannot_take_the_memory_of_the_machine(memory_postgres):
    """The kernel says so of the connection's own process; to try it would take gigabytes and a minute."""
    async with memory_postgres.superuser("postgres") as connection:
        found = await connection.execute("SELECT pg_read_file('/proc/self/limits')")
        (limits,) = await found.fetchone()
    (data,) = (line.split() for line in limits.splitlines() if line.startswith("Max data size"))
    assert data[3:5] == [str(MEMORY), str(MEMORY)]


@pytest.mark.parametrize(("sql", "kind"), TOO_MUCH)
async def test_a_query_that_wants_too_much_is_stopped_with_advice(ask, sql, kind):
    with pytest.raises((errors.TimedOut, errors.TooLarge)) as failure:
        await ask(sql)
    # A slow machine may run out of time before it runs out of room.
    assert type(failure.value) in {kind, errors.TimedOut}
    assert (await ask("select title from tasks")).rows == (("buy milk",),)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select titel from tasks", 'column "titel" does not exist. Hint: Perhaps you meant .* "tasks.title"'),
        ("select nope from events", 'column "nope" does not exist. What columns there are is told by memory.views'),
        ("select * from task", r"relation \"task\" does not exist. The views are events, messages, tasks"),
        ("select 1 / 0", "division by zero"),
        ("selec 1", "Ask one SELECT .* syntax error at or near"),
        ("select $1", "bind message"),
        ("select E'\\x00'", "invalid byte sequence"),
        ("", "Expected `str` of length >= 1"),
        (" ; ", "Ask one SELECT"),
        ("-- nothing", "Ask one SELECT"),
        ("select '\0'", "cannot contain the character NUL"),
    ],
)
async def test_a_mistake_is_explained(ask, sql, says):
    with pytest.raises(errors.Invalid, match=says):
        await ask(sql)


async def test_who_asks_is_decided_anew_for_every_question(daimon, ada):
    users = [msgspec.structs.replace(ada, user=f"{ada.user}-{number}") for number in range(8)]
    for user in users:
        _, sequence = await daimon.record(tasks.TaskAdded(task="t", title=user.user), user)
    await daimon.projected(sequence)
    found = await asyncio.gather(*(daimon.sql("select title from tasks", user) for user in users * 3))
    assert [rows.rows for rows in found] == [((user.user,),) for user in users * 3]


async def test_a_session_of_the_reader_that_nobody_was_seated_in_sees_nothing(alone, database):
    async with alone.remembering(database), await psycopg.AsyncConnection.connect(database.reader) as connection:
        _, sequence = await alone.record(tasks.TaskAdded(task="t", title=SECRET), Caller(user="ada"))
        await alone.projected(sequence)
        cursor = await connection.execute("SELECT count(*) FROM reader.tasks")
        assert await cursor.fetchone() == (0,)


async def test_sql_is_asked_as_of_a_moment_by_place_or_time(daimon, ada):
    first, place = await daimon.record(tasks.TaskAdded(task="t1", title="before"), ada)
    second, last = await daimon.record(tasks.TaskAdded(task="t2", title="after"), ada)
    await daimon.projected(last)

    async def asked(sql: str, as_of: str) -> tuple[tuple[memory.Cell, ...], ...]:
        return (await daimon.cli.call(memory.SQL, memory.Query(sql=sql, as_of=as_of), caller=ada, timeout=10)).rows

    ((then,),) = (await daimon.sql(f"select time from events where id = '{first}'", ada)).rows
    ids = "select id::text from events where kind = 'task.added' order by sequence"
    assert await asked(ids, str(place)) == await asked(ids, str(then)) == ((first,),)
    assert await asked(ids, str(last)) == await asked(ids, "") == ((first,), (second,))
    assert await asked(ids, str(place - 1)) == await asked(ids, "2000-01-01") == ()
    with pytest.raises(errors.Refused, match="say how things are now"):
        await asked("select * from tasks", str(place))
    assert await asked("select title from tasks", "") == (("before",), ("after",))
    with pytest.raises(errors.Invalid, match="no time that can be read"):
        await asked(ids, "yesterday-ish")


async def test_who_asks_cannot_choose_another_moment_in_sql(daimon, ada):
    _, place = await daimon.record(tasks.TaskAdded(task="t1", title="before"), ada)
    _, last = await daimon.record(tasks.TaskAdded(task="t2", title="after"), ada)
    await daimon.projected(last)
    for sql in ("update reader_sessions set upto = null", "select upto from public.reader_sessions"):
        with pytest.raises(errors.Failure):
            await daimon.cli.call(memory.SQL, memory.Query(sql=sql, as_of=str(place)), caller=ada, timeout=10)
