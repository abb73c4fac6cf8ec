"""Postgres: connections, named statements, and its errors as ours; the only file that knows psycopg."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import select
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow, class_row

from proto import errors
from services.memory import options
from services.memory.arrays import array
from services.memory.dumping import dump_before
from services.memory.queries import query
from services.memory.settings import MemorySettings

CONNECT_TIMEOUT = 3
FILTERS = ("kinds", "nouns", "by", "conversation", "since", "until")
"""What may be left out of a statement."""
_CONNECTION_ENDED = ("08000", "08003", "08006", "57P")
"""How SQLSTATEs begin that say nothing about the statement."""

_NOT_YET = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction)
"""What statements meet between two steps of the schema."""

R = TypeVar("R", bound=msgspec.Struct)
log = logging.getLogger("daimon.memory")


class DatabaseAway(errors.Unavailable):
    """The database does not answer, so memory cannot; what happens stays in the log and is caught up later."""


class NotLaidOut(errors.Unavailable):
    """Memory is still laying out its database; try again in a moment."""


class Unstorable(errors.Failure):
    """Postgres does not take this."""


class SqlFailure(errors.Invalid):
    """A statement that Postgres refused, with its SQLSTATE."""

    def __init__(self, state: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.state = state
        self.hint = hint


class Session:
    """One connection, for one task at a time."""

    def __init__(self, connection: AsyncConnection[TupleRow]) -> None:
        self._connection = connection

    @property
    def pid(self) -> int:
        """The server process of this session."""
        return self._connection.info.backend_pid

    async def fetch(self, kind: type[R], name: str, /, **values: object) -> list[R]:
        """Run a named statement and read each row as a Struct whose fields are its columns."""
        with _our_errors():
            async with AsyncRawCursor(self._connection, row_factory=class_row(kind)) as cursor:
                await cursor.execute(*_statement(name, values))
                return await cursor.fetchall()

    async def run(self, name: str, /, **values: object) -> int:
        """Run a named statement and return how many rows it touched."""
        with _our_errors():
            async with AsyncRawCursor(self._connection) as cursor:
                await cursor.execute(*_statement(name, values))
                return cursor.rowcount

    async def script(self, text: str) -> None:
        """Run several statements; SqlFailure when Postgres refuses one."""
        with _our_errors(), _refusals():
            await self._connection.execute(text.encode())

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit at the end, or keep nothing when the block fails."""
        with _our_errors():
            async with self._connection.transaction():
                yield


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Rows as the server wrote them: text, or None for NULL."""

    columns: tuple[str, ...]
    types: tuple[int, ...]
    """Their type's oid."""
    rows: list[tuple[bytes | None, ...]]


class ReaderSession:
    """A session that lives for one question of a user; SqlFailure when Postgres refuses it."""

    def __init__(self, connection: AsyncConnection[TupleRow]) -> None:
        self._connection = connection

    @property
    def pid(self) -> int:
        """The server process of this session."""
        return self._connection.info.backend_pid

    async def run(self, statement: bytes) -> None:
        """Run exactly one statement: the extended protocol takes no second one."""
        with _our_errors(), _refusals():
            await self._connection.execute(statement, binary=True)

    async def fetch(self, statement: bytes) -> Answer:
        """Run one statement of ours and return its rows as text."""
        with _our_errors(), _refusals():
            result = (await self._connection.execute(statement)).pgresult
        assert result is not None  # noqa: S101 - a cursor that was executed has a result
        columns = range(result.nfields)
        return Answer(
            columns=tuple((result.fname(column) or b"").decode() for column in columns),
            types=tuple(result.ftype(column) for column in columns),
            rows=[tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)],
        )


class Store:
    """The database as the service sees it: sessions for calls, one of one's own, and readers."""

    def __init__(self, settings: MemorySettings) -> None:
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.connections)
        self._idle: dict[str, list[AsyncConnection[TupleRow]]] = {options.CALLS: [], options.SEARCHES: []}
        self._away = False
        self._ended = False

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: MemorySettings) -> AsyncIterator[Store]:
        """Keep connections for reuse until the end; none is made before it is needed."""
        store = cls(settings)
        try:
            yield store
        finally:
            store._ended = True
            for connection in itertools.chain.from_iterable(store._idle.values()):
                await connection.close()

    async def dump_before(self, step: str) -> None:
        """Copy the database before a step of the schema; raises NoBackup."""
        await dump_before(self._settings, step)

    async def fetch(self, kind: type[R], name: str, /, **values: object) -> list[R]:
        """Run a named statement on a session of its own."""
        async with self.session() as session:
            return await session.fetch(kind, name, **values)

    async def run(self, name: str, /, **values: object) -> int:
        """Run a named statement on a session of its own."""
        async with self.session() as session:
            return await session.run(name, **values)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A session for one call; its connection is used again afterwards."""
        async with self._kept(options.CALLS) as connection:
            yield Session(connection)

    @contextlib.asynccontextmanager
    async def searching(self) -> AsyncIterator[Session]:
        """The same for a search, whose statements are planned once."""
        async with self._kept(options.SEARCHES) as connection:
            connection.prepare_threshold = 0
            yield Session(connection)

    @contextlib.asynccontextmanager
    async def _kept(self, setup: str) -> AsyncIterator[AsyncConnection[TupleRow]]:
        async with self._slots:
            connection = await self._living(setup) or await self._connect(self._settings.database, setup)
            try:
                yield connection
            finally:
                await self._keep(connection, setup)

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[Session]:
        """A session that is nobody else's: session-level locks last exactly as long as it does."""
        connection = await self._connect(self._settings.database, options.OWN)
        try:
            yield Session(connection)
        finally:
            await connection.close()

    @contextlib.asynccontextmanager
    async def reader(self, milliseconds: int) -> AsyncIterator[ReaderSession]:
        """A session of the role that only reads; it ends with the question, and whatever that left in it."""
        setup = options.READER.format(milliseconds=milliseconds)
        connection = await self._connect(self._settings.reader, setup)
        connection.prepare_threshold = None
        try:
            yield ReaderSession(connection)
        finally:
            await connection.close()

    async def _connect(self, conninfo: str, setup: str) -> AsyncConnection[TupleRow]:
        full = make_conninfo(conninfo, options=setup, application_name="daimon-memory", connect_timeout=CONNECT_TIMEOUT)
        try:
            with _our_errors():
                connection = await AsyncConnection.connect(full, autocommit=True)
        except DatabaseAway as away:
            self._noted(away=True, why=away.__cause__)
            raise
        self._noted(away=False)
        return connection

    async def _living(self, setup: str) -> AsyncConnection[TupleRow] | None:
        """Take a kept connection that the server has not ended meanwhile."""
        while self._idle[setup]:
            connection = self._idle[setup].pop()
            if not _spoken_to(connection):
                return connection
            await connection.close()
        return None

    async def _keep(self, connection: AsyncConnection[TupleRow], setup: str) -> None:
        if connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE and not self._ended:
            self._idle[setup].append(connection)
        else:
            await connection.close()

    def _noted(self, *, away: bool, why: BaseException | None = None) -> None:
        if away and not self._away:
            log.warning("the database is away: %s", why, extra={"action": "memory.database_away"})
        if self._away and not away:
            log.info("the database is back", extra={"action": "memory.database_back"})
        self._away = away


def _statement(name: str, values: Mapping[str, object]) -> tuple[bytes, list[object]]:
    """How many numbers a vector has is a part of its type, and no parameter can say it; nor which filters there are."""
    found = query(name, int(str(values.get("dimensions", 0))), [one for one in FILTERS if values.get(one)])
    return found.text, [values[name] for name in found.names]


def _spoken_to(connection: AsyncConnection[TupleRow]) -> bool:
    """Whether something waits to be read: to an idle connection a server has little to say but that it ends."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


@contextlib.contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.ProgramLimitExceeded as error:
        raise _unstorable(error) from error
    except _NOT_YET as error:
        raise NotLaidOut from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseAway from error
    except psycopg.Error as error:
        raise _unstorable(error) from error
    _heed_cancellation()


def _heed_cancellation() -> None:
    """Stop when we were told to: Python 3.11's `wait_for` loses a cancellation that comes together with a result."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _unstorable(error: psycopg.Error) -> Unstorable:
    return Unstorable(f"Postgres does not take this: {error.diag.message_primary or error}.")


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(_CONNECTION_ENDED):
            raise
        said = error.diag
        raise SqlFailure(error.sqlstate, said.message_primary or str(error), said.message_hint or "") from error


def by_column(rows: Sequence[msgspec.Struct], *names: str) -> dict[str, str]:
    """Turn rows into one array a column, as the statements that write many rows take them."""
    return {name: array([getattr(row, name) for row in rows]) for name in names}
