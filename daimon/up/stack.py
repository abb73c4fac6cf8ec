"""The whole stack in its order: NATS and Postgres, the streams, the services; and back again."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from daimon.up import boxes, elsewhere, leftovers, logs, namespaces, overrides, ports, procfs, state
from daimon.up.credentials import users
from daimon.up.elsewhere import NatsElsewhere, PostgresElsewhere
from daimon.up.errors import UpError, only_failure
from daimon.up.home import Home, socket_directory
from daimon.up.nats import NatsServer
from daimon.up.postgres import READER, PostgresServer
from daimon.up.readiness import listening
from daimon.up.services import SERVICES, Addresses, Service, ServicePart, environment, python
from daimon.up.state import ChildState, State
from daimon.up.supervision import Part, Supervised
from proto.errors import Failure

PORT = 8400

_log = logging.getLogger("daimon.up")


async def _load_bus() -> None:
    """Load the client of the bus while the servers start, which takes them less time than us."""
    importlib.import_module("daimon.up.streams")
    importlib.import_module("daimon.up.invite")


async def prepare_streams(home: Home, url: str) -> None:
    """Lay out Daimon's streams."""
    from daimon.up import streams  # noqa: PLC0415 - see _load_bus

    await streams.prepare(home, url)


async def link_of_owner(home: Home) -> str:
    """Return a one-time link for the owner."""
    from daimon.up import invite  # noqa: PLC0415 - see _load_bus

    return await invite.invite(home)


async def make_backups(home: Home) -> None:
    """Make the backups that are asked for, until cancelled."""
    from daimon.up import backups  # noqa: PLC0415 - see _load_bus

    await backups.keep(home)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be started."""

    services: Sequence[Service] = SERVICES
    prepare: Callable[[Home, str], Awaitable[None]] = prepare_streams
    """Lays out the bus at an address before the services start."""
    port: int | None = None
    """Where the gateway listens; None: as in settings.toml, else 8400. 0: anywhere."""
    websocket: int = 0
    """Where NATS speaks WebSocket on the loopback interface; 0: nowhere."""
    link: Callable[[Home], Awaitable[str]] = link_of_owner
    """Makes the link that is announced."""


class Stack:
    """One run of everything; the home's lock is held by the caller."""

    def __init__(self, home: Home, plan: Plan) -> None:
        self._home = home
        self._plan = plan
        self._state = State(up=procfs.running(os.getpid()))
        self._began = time.monotonic()
        self._servers: list[Supervised] = []
        self._services: list[Supervised] = []

    async def run(self, announce: Callable[[str], None]) -> None:
        """Start everything, announce the link, and keep it running until cancelled; raises UpError."""
        with only_failure(), ExitStack() as sockets:
            async with asyncio.TaskGroup() as group:
                try:
                    await self._start(group, sockets)
                    announce(await self._plan.link(self._home))
                    await make_backups(self._home)
                finally:
                    await self._stop()

    def kill(self) -> None:
        """End everything by force, for a caller who will not wait."""
        for supervised in (*self._services, *self._servers):
            supervised.kill()

    async def _start(self, group: asyncio.TaskGroup, sockets: ExitStack) -> None:
        await self._clear()
        settings = overrides.read(self._home.overrides, [service.name for service in self._plan.services])
        port = ports.demand(self._port(settings))
        nats, postgres = self._nats(settings), self._postgres(settings)
        addresses = Addresses(
            nats_url=nats.url, database=postgres.conninfo, reader=postgres.conninfo_for(READER), port=port
        )
        self._note(
            address=f"http://{ports.LOOPBACK}:{port}",
            nats_url=nats.url,
            nats_monitor=nats.monitor,
            database=postgres.conninfo,
        )
        ours = [part for part in (postgres, nats) if isinstance(part, PostgresServer | NatsServer)]
        self._servers = [self._keep(group, part) for part in ours]
        await asyncio.gather(self._all_ready(self._servers), self._warn_of_no_sandbox(settings), _load_bus())
        await self._lay_out(nats)
        parts = [self._part(service, addresses, settings, sockets) for service in self._plan.services]
        self._services = [self._keep(group, part) for part in parts]
        await self._all_ready(self._services)
        self._note(ready=True)

    async def _lay_out(self, nats: NatsServer | NatsElsewhere) -> None:
        if isinstance(nats, NatsServer):
            await self._plan.prepare(self._home, nats.url)
            return
        elsewhere.write_users(self._home)
        _log.warning("make sure that %s has `sync_interval: always`", nats.url, extra={"action": "up.nats_elsewhere"})
        try:
            await self._plan.prepare(self._home, nats.url)
        except Failure as failure:
            file = elsewhere.users_file(self._home)
            cure = f"Have its configuration include {file}, by a path relative to its own, then start again."
            raise UpError(f"{failure.message} {cure}") from None

    async def _stop(self) -> None:
        """End the services while the bus and the database are still there for them."""
        await asyncio.gather(*(service.stop() for service in self._services))
        for server in self._servers:
            await server.stop()
        self._note(ready=False)

    def _port(self, settings: overrides.Overrides) -> int:
        if self._plan.port is not None:
            return self._plan.port
        chosen = settings.get("gateway", {}).get("port", str(PORT))
        if not chosen.isdigit():
            raise UpError(f"{self._home.overrides}: gateway.port must be a number, not {chosen!r}.")
        return int(chosen)

    async def _clear(self) -> None:
        last = state.read(self._home)
        if last is not None:
            ended = await leftovers.end(last)
            if ended:
                _log.warning("ended what a killed run had left: %s", ", ".join(ended), extra={"action": "up.cleared"})
        self._note()

    def _nats(self, settings: overrides.Overrides) -> NatsServer | NatsElsewhere:
        if "nats" in settings:
            return NatsElsewhere(url=settings["nats"]["url"])
        return NatsServer(
            self._home.nats, self._log_file("nats"), lambda: users(self._home), websocket=self._plan.websocket
        )

    def _postgres(self, settings: overrides.Overrides) -> PostgresServer | PostgresElsewhere:
        if "postgres" in settings:
            return PostgresElsewhere(conninfo=settings["postgres"]["database"], reader=settings["postgres"]["reader"])
        sockets = socket_directory(self._home.run) / "postgres"
        return PostgresServer(self._home.postgres, sockets, self._log_file("postgres"))

    def _part(
        self, service: Service, addresses: Addresses, settings: overrides.Overrides, sockets: ExitStack
    ) -> ServicePart:
        path = socket_directory(self._home.run) / f"{service.name}.notify"
        variables = environment(service.name, self._home, addresses, settings)
        launch = python(service.module, {**variables, "NOTIFY_SOCKET": str(path)}, self._log_file(service.name))
        return ServicePart(service, launch, sockets.enter_context(listening(path)))

    def _log_file(self, name: str) -> Path:
        log = self._home.logs / f"{name}.log"
        logs.rotate(log)
        return log

    async def _warn_of_no_sandbox(self, settings: overrides.Overrides) -> None:
        chosen = settings.get("sandbox", {})
        # Making a box with bwrap is quick; what else may hold one is only looked for where that fails.
        if chosen.get("backend", "auto") in ("auto", "bwrap") and not await namespaces.trial():
            return
        if problem := (await boxes.holder(chosen)).problem:
            _log.warning("%s", problem, extra={"action": "up.no_sandbox"})

    def _keep(self, group: asyncio.TaskGroup, part: Part) -> Supervised:
        supervised = Supervised(part, self._changed)
        group.create_task(supervised.keep())
        return supervised

    async def _all_ready(self, waited_for: Sequence[Supervised]) -> None:
        await asyncio.gather(*(supervised.ready() for supervised in waited_for))

    def _changed(self, child: ChildState) -> None:
        if child.phase == "ready":
            when = "again" if child.restarts else f"after {time.monotonic() - self._began:.1f} s"
            _log.info("%s is ready %s", child.name, when, extra={"action": "child.ready"})
        self._note(children={**self._state.children, child.name: child})

    def _note(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)
        try:
            state.write(self._home, self._state)
        except OSError as error:
            # A full disk is no reason to end what runs.
            _log.warning("the state cannot be recorded: %s", error.strerror, extra={"action": "up.not_recorded"})
