"""A user's own SQL: one SELECT over the views of schema reader, bounded in time, rows and bytes."""

from __future__ import annotations

import asyncio
import contextlib
import math

import msgspec

from proto import errors, memory
from services.memory.column_types import type_name
from services.memory.migrations import SUPERUSER
from services.memory.moments import last_place
from services.memory.queries import query
from services.memory.store import Answer, DatabaseAway, ReaderSession, SqlFailure, Store

SECONDS = 2.0
GRACE = 0.5
"""Beyond the server's own limit, before we stop waiting for it."""
BYTES = 500_000
"""Of a whole answer; one message on the bus takes 1 MB, and JSON needs more room than text."""
_INTEGERS = frozenset({20, 21, 23, 26})
_FLOATS = frozenset({700, 701})
_BOOLEAN, _NUMERIC = 16, 1700
_EXACT_DIGITS = 15
"""Decimal digits that a float, and a number in JavaScript, keeps."""
_TOO_SLOW = (
    f"The query took longer than {SECONDS:g} seconds and was stopped. Narrow it: a condition on kind, time or"
    " conversation, or a LIMIT inside."
)
_TOO_LARGE = f"The result is larger than {BYTES // 1000} kB. Select fewer columns or rows, or use left(text, n)."
_ONE_SELECT = "Ask one SELECT (or WITH, VALUES, TABLE) without a semicolon; nothing else can be run here."
_NOW = (
    "tasks, conversations and documents say how things are now. As of an earlier moment ask events, messages, commands"
    " or suggestions; the pages show the others as they were."
)
_COLUMNS = " What columns there are is told by memory.views, or `daimon sql --views`."
_READ_ONLY = "Only reading the views of one's own log is possible here."


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """Whether readers were denied the functions that reach beyond their rows."""

    held: bool


class Asker:
    """Runs users' SQL, a few at the same time."""

    def __init__(self, store: Store, at_once: int) -> None:
        self._store = store
        self._slots = asyncio.Semaphore(at_once)

    async def ask(self, user: str, sql: str, as_of: str = "") -> memory.Rows:
        """Answer one SELECT of a user, as of a moment; the failures are sentences that say what to change."""
        statement = sql.strip().rstrip("; \t\r\n")
        if "\0" in statement:
            raise errors.Invalid("SQL cannot contain the character NUL.")
        try:
            async with self._slots, asyncio.timeout(SECONDS + GRACE):
                upto = await last_place(self._store, user, as_of) if as_of else None
                return rows(await self._ask(user, statement, upto))
        except SqlFailure as failure:
            raise readable(failure) from failure
        except TimeoutError as error:
            raise errors.TimedOut(_TOO_SLOW) from error

    async def _ask(self, user: str, statement: str, upto: int | None) -> Answer:
        async with self._store.reader(int(SECONDS * 1000)) as reader:
            await self._check_protection()
            await self._store.run("seat", pid=reader.pid, user=user, upto=upto)
            try:
                return await _answer(reader, statement)
            finally:
                with contextlib.suppress(DatabaseAway):
                    await self._store.run("unseat", pid=reader.pid)

    async def _check_protection(self) -> None:
        (protection,) = await self._store.fetch(Protection, "reader_is_held")
        if not protection.held:
            raise errors.Unavailable(
                f"SQL is switched off, because this database was not prepared for it: run {SUPERUSER} in it as a"
                " superuser once."
            )


async def _answer(reader: ReaderSession, statement: str) -> Answer:
    await reader.run(query("begin_question").text)
    # Alone first: only what is a whole statement by itself cannot close our parentheses and go on behind them.
    await reader.run(query("check_question").text + b"\n" + statement.encode())
    await reader.run(wrapped(statement))
    return await _fetch(reader)


def wrapped(statement: str) -> bytes:
    """Put a statement where only a query can stand, with the limits around it."""
    opened = query("open_answer").text
    limits = opened.replace(b"{rows}", b"%d" % (memory.ROW_LIMIT + 1)).replace(b"{bytes}", b"%d" % BYTES)
    return limits.replace(b"{question}", statement.encode())


async def _fetch(reader: ReaderSession) -> Answer:
    """Fetch piece by piece, so that many large rows are stopped before all of them are here."""
    answer = await reader.fetch(query("fetch_answer").text)
    piece, size = answer, _size(answer)
    while piece.rows:
        if size > BYTES:
            raise errors.TooLarge(_TOO_LARGE)
        piece = await reader.fetch(query("fetch_answer").text)
        answer.rows.extend(piece.rows)
        size += _size(piece)
    return answer


def _size(answer: Answer) -> int:
    return sum(len(value) for row in answer.rows for value in row if value is not None)


def rows(answer: Answer) -> memory.Rows:
    """Make the reply: numbers, booleans and NULL as such, everything else as Postgres writes it."""
    found = tuple(tuple(map(cell, answer.types, row)) for row in answer.rows[: memory.ROW_LIMIT])
    truncated = len(answer.rows) > memory.ROW_LIMIT
    sentence = (
        f"The first {memory.ROW_LIMIT} rows" if truncated else f"{len(found)} row{'' if len(found) == 1 else 's'}"
    )
    return memory.Rows(
        columns=answer.columns,
        types=tuple(map(type_name, answer.types)),
        rows=found,
        truncated=truncated,
        sentence=sentence,
    )


def cell(oid: int, value: bytes | None) -> memory.Cell:
    """Read one value by its type; what JSON cannot keep exactly stays text."""
    if value is None:
        return None
    text = value.decode(errors="replace")
    if oid == _BOOLEAN:
        return text == "t"
    if oid in _INTEGERS:
        return int(text)
    if oid in _FLOATS or (oid == _NUMERIC and len(text) <= _EXACT_DIGITS):
        number = float(text)
        return (int(text) if text.lstrip("-").isdigit() else number) if math.isfinite(number) else text
    return text


def readable(failure: SqlFailure) -> errors.Failure:
    """Turn Postgres' refusal into a sentence that says what to do."""
    own = {
        "57014": errors.TimedOut(_TOO_SLOW),
        "DA002": errors.Refused(_NOW),
        "DA001": errors.TooLarge(_TOO_LARGE),
        "25006": errors.Refused(f"{_READ_ONLY} Postgres says: {failure}."),
        "42501": errors.Refused(f"{_READ_ONLY} Postgres says: {failure}."),
        "42601": errors.Invalid(f"{_ONE_SELECT} Postgres says: {failure}."),
        "42P01": errors.Invalid(f"{failure}. The views are {', '.join(memory.VIEWS)}."),
    }
    if failure.state in own:
        return own[failure.state]
    if failure.state.startswith(("53", "54")) or "memory alloc" in failure.message:
        return errors.TooLarge(f"The query needs more memory or disk than it may use ({failure}). Ask for less.")
    advice = _COLUMNS if failure.state == "42703" else ""
    hint = f" Hint: {failure.hint}" if failure.hint else advice
    return errors.Invalid(f"Postgres says: {failure}.{hint}")
