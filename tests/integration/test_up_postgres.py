"""The embedded Postgres: private, checked, with the roles and the extension that memory needs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psycopg
import pytest

from daimon.up.errors import ChildFailed
from daimon.up.postgres import OWNER, READER, SUPERUSER, PostgresServer, embedded_postgres


async def test_its_database_is_ready_for_memory(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path) as server:
        with psycopg.connect(server.conninfo) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (OWNER, "daimon")
            connection.execute("CREATE TABLE near (place vector(3))")
            connection.execute("INSERT INTO near VALUES ('[1,2,3]')")
            found = connection.execute("SELECT place <-> '[1,2,5]' FROM near").fetchone()
            assert found == (2.0,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("synchronous_commit", "on"),
        ("fsync", "on"),
        ("server_encoding", "UTF8"),
    ],
)
async def test_its_settings_are_safe(postgres: PostgresServer, name: str, value: str) -> None:
    with psycopg.connect(postgres.conninfo) as connection:
        assert connection.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)


@pytest.fixture(scope="module")
async def postgres(tmp_path_factory: pytest.TempPathFactory):
    async with embedded_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


async def test_the_reader_may_connect_and_make_nothing(postgres: PostgresServer) -> None:
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with psycopg.connect(postgres.conninfo_for(READER)) as connection, refused:
        connection.execute("CREATE TABLE mine ()")


async def test_neither_role_is_a_superuser(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.conninfo_for(SUPERUSER)) as connection:
        found = connection.execute("SELECT rolname FROM pg_roles WHERE rolsuper").fetchall()
    assert found == [(SUPERUSER,)]


def test_its_sockets_and_files_are_closed_to_others(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.conninfo_for(SUPERUSER)) as connection:
        sockets = Path(connection.info.host)
        data = Path(connection.execute("SHOW data_directory").fetchone()[0])
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert data.stat().st_mode & 0o777 == 0o700


async def test_a_stale_pid_file_that_names_a_living_program_is_no_hindrance(tmp_path: Path) -> None:
    pid_file = tmp_path / "data" / "postmaster.pid"
    async with embedded_postgres(tmp_path) as server:
        left = pid_file.read_text().splitlines()
        owner = pid_file.stat().st_uid
        with psycopg.connect(server.conninfo) as connection:
            connection.execute("CREATE TABLE kept ()")
    # Postgres itself would believe it of a program of its own user.
    other = await asyncio.create_subprocess_exec("sleep", "1000", user=owner if os.geteuid() == 0 else None)
    pid_file.write_text("\n".join([str(other.pid), *left[1:]]))
    async with embedded_postgres(tmp_path) as server:
        with psycopg.connect(server.conninfo) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert other.returncode is None
    other.kill()
    await other.wait()


async def test_an_interrupted_making_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "data.draft" / "base").mkdir(parents=True)
    async with embedded_postgres(tmp_path) as server:
        with psycopg.connect(server.conninfo) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (tmp_path / "data.draft").exists()


async def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path):
        pass
    (tmp_path / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(ChildFailed, match="contains errors"):
        async with embedded_postgres(tmp_path):
            pass
