"""`daimon up` with a NATS and a Postgres of the owner's own."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from daimon.connection import connect
from daimon.doctor import examine
from daimon.up import state
from daimon.up.home import Home
from daimon.up.postgres import READER, embedded_postgres
from daimon.up.services import CHECKOUT
from proto import tasks
from tests.support.servers import NATS_SERVER, free_port

WITHIN = 90.0


async def up(home: Path) -> Process:
    words = ("-m", "daimon", "up", "--home", str(home), "--port", "0")
    return await asyncio.create_subprocess_exec(sys.executable, *words, cwd=CHECKOUT, stdout=PIPE, stderr=PIPE)


async def end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.communicate()


async def nats(directory: Path, port: int, *lines: str) -> Process:
    """A NATS that somebody else has configured."""
    store = directory / "elsewhere"
    store.mkdir(exist_ok=True)
    config = directory / "elsewhere.conf"
    kept = f'jetstream {{ store_dir: "{store}", sync_interval: always }}'
    config.write_text("\n".join((f"listen: 127.0.0.1:{port}", kept, *lines)))
    return await asyncio.create_subprocess_exec(NATS_SERVER, "--config", config, stderr=asyncio.subprocess.DEVNULL)


async def test_servers_of_ones_own_are_used_and_none_are_started(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    home.mkdir(mode=0o700)
    (tmp_path / "database").mkdir()
    async with embedded_postgres(tmp_path / "database") as postgres:
        (home / "settings.toml").write_text(
            f'[llm]\nollama = "off"\n[nats]\nurl = "nats://127.0.0.1:{port}"\n'
            f'[postgres]\ndatabase = "{postgres.conninfo}"\nreader = "{postgres.conninfo_for(READER)}"\n'
        )
        strict = await nats(tmp_path, port, 'authorization: { user: "other", password: "other" }')
        try:
            refused = await up(home)
            async with asyncio.timeout(WITHIN):
                _, said = await refused.communicate()
        finally:
            await end(strict)
        users = home / "nats" / "users.conf"
        assert refused.returncode == 1
        assert f"Have its configuration include {users}" in said.decode()
        assert users.stat().st_mode & 0o077 == 0

        server = await nats(tmp_path, port, f'include "{users.relative_to(tmp_path)}"')
        process = await up(home)
        try:
            async with asyncio.timeout(WITHIN):
                assert process.stdout is not None
                line = await process.stdout.readline()
            assert line.startswith(b"ready "), (await process.stderr.read()).decode()
            found = state.read_running(Home(path=home))
            assert found is not None
            assert {"nats", "postgres"}.isdisjoint(found.children)
            async with connect(home, "owner") as daimon:
                await daimon.call(tasks.ADD, tasks.AddTask(title="buy milk"))
            looked = {finding.name: finding.found for finding in await examine(Home(path=home))}
            assert (looked["nats"], looked["postgres"]) == (
                f"elsewhere, at nats://127.0.0.1:{port}",
                "elsewhere, as settings.toml says",
            )
        finally:
            await end(process)
            await end(server)
