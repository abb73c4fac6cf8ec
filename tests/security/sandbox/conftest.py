"""A box to break out of, and things outside worth breaking out for."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.sandbox.bubblewrap import Bubblewrap
from services.sandbox.limits import Limits
from services.sandbox.plan import Plan
from services.sandbox.shellbox import ShellBox

HOME = Path("~").expanduser()
MIB = 1024 * 1024
SMALL = Limits(
    memory=256 * MIB, processes=64, disk=64 * MIB, files=2000, tmp=32 * MIB, open_files=256, output_kept=8 * MIB
)


@pytest.fixture(scope="session")
async def attacked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacked")


@pytest.fixture(scope="session")
async def backend(attacked_home: Path) -> Bubblewrap:
    return Bubblewrap(attacked_home, Plan(limits=SMALL))


@pytest.fixture(scope="session")
async def outside(backend: Bubblewrap, attacked_home: Path) -> AsyncIterator[dict[str, object]]:
    """What an attempt may aim at; each holds the token, which nobody inside may ever see."""
    token = secrets.token_hex(8)
    secret = attacked_home / "secret"
    secret.write_text(token)
    secret.chmod(0o644)
    other = await backend.open(attacked_home / "other")
    await other.run(f"echo {token} > secret; (exec -a {token} sleep 10000) &", timeout=10)

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n\r\n{token}".encode())
        writer.close()

    os.environ["DAIMON_TEST_SECRET"] = token
    path = str(attacked_home / "socket")
    async with (
        await asyncio.start_server(serve, "0.0.0.0", 0) as tcp,
        await asyncio.start_unix_server(serve, path),
        await asyncio.start_unix_server(serve, f"\0{token}"),
    ):
        yield {
            "token": token,
            "secret": secret,
            "other_secret": other.root / "work" / "secret",
            "other_agent": other.agent,
            "home": HOME,
            "checkout": Path(__file__).parents[3],
            "service": os.getpid(),
            "port": tcp.sockets[0].getsockname()[1],
            "address": own_address(),
            "abstract": token,
            "socket": path,
            "counted": "yes" if any("cgroup" in each.by for each in backend.limits_in_force()[:1]) else "no",
        }
    del os.environ["DAIMON_TEST_SECRET"]
    await other.close()


@pytest.fixture
async def box(backend: Bubblewrap, tmp_path: Path) -> AsyncIterator[ShellBox]:
    box = await backend.open(tmp_path / "box")
    yield box
    await box.close()


def own_address() -> str:
    """An address of this machine that is not loopback, or else a loopback one that is not 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])
