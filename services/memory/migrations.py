"""Migrations: numbered SQL files, each applied once and whole."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from importlib import resources

import msgspec

from proto import errors
from services.memory.dumping import NoBackup
from services.memory.store import Session, SqlFailure

LOCK = 1
"""The advisory lock under which one process migrates."""
SUPERUSER = "services/memory/sql/superuser.sql"


class Refusal(errors.Failure):
    """Memory does not work with this database; nothing was changed."""


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the schema."""

    number: int
    name: str
    checksum: str
    sql: str = ""


class Requirements(msgspec.Struct, frozen=True, kw_only=True):
    """What only a superuser can have made."""

    vector: bool
    reader: bool


async def migrate(session: Session, before: Callable[[str], Awaitable[None]]) -> None:
    """Bring the schema up to date; raises Refusal for a schema this version does not know.

    `before` is called with the name of the first step that changes what is there already.
    """
    await session.run("lock", lock=LOCK)
    try:
        await _check_requirements(session)
        await session.run("create_migrations")
        applied = await session.fetch(Migration, "migrations")
        steps = pending(known(), applied)
        if steps and applied:
            try:
                await before(steps[0].name)
            except NoBackup as failure:
                raise Refusal(failure.message) from failure
        for migration in steps:
            await _apply(session, migration)
    finally:
        await session.run("unlock", lock=LOCK)


def pending(mine: Sequence[Migration], applied: Sequence[Migration]) -> Sequence[Migration]:
    """Return what is still to be applied; Refusal when the database is newer, or not what these steps make."""
    if applied and applied[-1].number > mine[-1].number:
        raise Refusal(
            f"The database was made by a newer Daimon: its schema is {applied[-1].number}, and this version knows"
            f" {mine[-1].number}. Start that version, or restore a backup from before."
        )
    for step, done in zip(mine, applied, strict=False):
        if (step.number, step.checksum) != (done.number, done.checksum):
            raise Refusal(
                f"The database's schema is half migrated: step {step.number} ({step.name}) is missing there or is not"
                " the one of this version. Restore a backup, or start the version that made it."
            )
    return mine[len(applied) :]


def known() -> list[Migration]:
    """Return the steps of this version, in order."""
    folder = resources.files("services.memory").joinpath("sql", "migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [_migration(file.name, file.read_text()) for file in files]


def _migration(name: str, sql: str) -> Migration:
    checksum = hashlib.sha256(sql.encode()).hexdigest()
    return Migration(number=int(name.partition("_")[0]), name=name, checksum=checksum, sql=sql)


async def _check_requirements(session: Session) -> None:
    (found,) = await session.fetch(Requirements, "requirements")
    if not found.vector:
        raise Refusal(f"The database lacks the extension vector; run {SUPERUSER} in it as a superuser.")
    if not found.reader:
        raise Refusal("The database lacks the role daimon_reader; make it with CREATE ROLE daimon_reader LOGIN.")


async def _apply(session: Session, migration: Migration) -> None:
    try:
        async with session.transaction():
            await session.script(migration.sql)
            await session.run(
                "record_migration", number=migration.number, name=migration.name, checksum=migration.checksum
            )
    except SqlFailure as failure:
        raise Refusal(f"Step {migration.name} of the schema failed and left nothing behind: {failure}.") from failure
    logging.getLogger("daimon.memory").info("applied %s", migration.name, extra={"action": "memory.migrated"})
