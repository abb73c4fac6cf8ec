"""Real servers for tests: a NATS with the contract's users, started from the wheel, ended with the test run."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

from nats import errors as nats_errors
from nats.aio.client import Client

from proto.permissions import SERVICES, Permissions, of
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings
from services.runtime.setup import lay_out

NATS_SERVER = Path(sysconfig.get_path("scripts")) / "nats-server"


def free_port() -> int:
    """Find a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def quoted(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)


class NatsServer:
    """A real nats-server with one user a service, as `daimon up` configures it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._password = directory / "password"
        self._password.write_text(secrets.token_urlsafe(16))
        self._process: asyncio.subprocess.Process | None = None
        self._configuration = directory / "nats.conf"
        self._users = {name: of(name) for name in SERVICES}
        self._configure()

    def settings(self, user: str) -> BusSettings:
        """How one of the contract's users connects."""
        return BusSettings(url=self.url, user=user, password_file=str(self._password))

    async def start(self) -> None:
        """Start, and wait until it accepts connections."""
        self._process = await asyncio.create_subprocess_exec(
            NATS_SERVER, "-c", self._configuration, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """Kill it as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def pause(self) -> None:
        """Have it answer nobody, with every connection open."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it answer again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def let_in(self, name: str, permissions: Permissions) -> str:
        """Add another program and return the address it connects to; the server reads it at once."""
        self._users[name] = permissions
        self._configure()
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)
        return f"nats://{name}:{self._password.read_text()}@127.0.0.1:{self.port}"

    async def almighty(self) -> Client:
        """Connect as one who may do anything, as whoever has the machine can."""
        address = self.let_in("almighty", Permissions(publish=(">",), subscribe=(">",)))
        client = Client()
        async with asyncio.timeout(10):
            while not client.is_connected:
                # While the server reads its users anew it may refuse us, or cut us off.
                with contextlib.suppress(OSError, nats_errors.Error):
                    await client.connect(address, allow_reconnect=False, error_cb=_unheard)
        return client

    async def lay_out(self) -> None:
        """Make the streams."""
        async with Bus.open(self.settings("setup"), "setup") as bus:
            await lay_out(bus)

    def _configure(self) -> None:
        password = self._password.read_text()
        users = "\n".join(
            f'{{ user: "{name}", password: "{password}", permissions: {{ '
            f"publish: {{ allow: [{quoted(allowed.publish)}] }}, "
            f"subscribe: {{ allow: [{quoted(allowed.subscribe)}] }} }} }}"
            for name, allowed in self._users.items()
        )
        self._configuration.write_text(
            f"listen: 127.0.0.1:{self.port}\n"
            f'jetstream {{ store_dir: "{self.directory}", sync_interval: always }}\n'
            f"authorization {{ users: [\n{users}\n] }}\n"
        )


async def _unheard(_: Exception) -> None:
    """Take no notice: it is tried again."""


@contextlib.asynccontextmanager
async def running_nats(directory: Path) -> AsyncIterator[NatsServer]:
    """A NATS server with the streams laid out."""
    server = NatsServer(directory)
    await server.start()
    try:
        await server.lay_out()
        yield server
    finally:
        await server.kill()
