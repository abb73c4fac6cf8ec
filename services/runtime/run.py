"""The run loop of a service: settings, log, bus, ready, and a clean end on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import msgspec

from proto import errors
from services.runtime import log, settings
from services.runtime.bus import Bus

S = TypeVar("S", bound=msgspec.Struct)
Ready = Callable[[], None]
Main = Callable[[S, Bus, Ready], Awaitable[None]]


def run(name: str, kind: type[S], main: Main[S]) -> None:
    """Run a service until it is told to stop; exits 78 (EX_CONFIG) when a setting is wrong."""
    log.configure()
    try:
        own = settings.load(name, kind)
        bus = settings.load("nats", settings.BusSettings)
        asyncio.run(_run(name, own, bus, main))
    except settings.SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(78)
    except errors.Failure as failure:
        logging.getLogger(f"daimon.{name}").critical(failure.message, extra={"action": f"{name}.gave_up"})
        sys.exit(1)


async def _run(name: str, own: S, bus_settings: settings.BusSettings, main: Main[S]) -> None:
    stop_on_signals()
    logger = logging.getLogger(f"daimon.{name}")

    def ready() -> None:
        # What is loaded now stays: collecting garbage need not look at it again, which would pause an answer.
        gc.collect()
        gc.freeze()
        logger.info("ready", extra={"action": f"{name}.ready"})
        notify("READY=1")

    with contextlib.suppress(asyncio.CancelledError):
        async with Bus.open(bus_settings, name) as bus, living(bus):
            await main(own, bus, ready)
    logger.info("stopped", extra={"action": f"{name}.stopped"})


@contextlib.asynccontextmanager
async def living(bus: Bus) -> AsyncIterator[None]:
    """Give the service manager its signs of life for as long as the context lasts, if it wants them."""
    seconds = settings.watchdog_seconds()
    if not seconds:
        yield
        return
    signs = asyncio.create_task(_give_signs(bus, seconds / 3))
    try:
        yield
    finally:
        signs.cancel()


async def _give_signs(bus: Bus, interval: float) -> None:
    # A bus known to be away is waited for; one that seems to be there and does not answer may be our own trouble.
    while True:
        if not bus.connected or await bus.answers(interval):
            notify("WATCHDOG=1")
        await asyncio.sleep(interval)


def stop_on_signals() -> None:
    """Cancel the running task when the process is asked to stop."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - only called from a coroutine
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)


def notify(state: str) -> None:
    """Tell the service manager, as sd_notify(3) does; says nothing where nobody listens."""
    address = settings.notify_socket()
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), address.replace("@", "\0", 1) if address.startswith("@") else address)


async def forever() -> None:
    """Wait until the service is stopped."""
    await asyncio.get_running_loop().create_future()
