"""The oneshot that lays out JetStream: streams, consumers and buckets as the contract lists them."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any, Literal

import msgspec

from proto import errors
from proto.permissions import SETUP
from proto.streams import CONSUMERS, EVENTS, STREAMS, Consumer, Stream
from services.runtime import log, settings
from services.runtime.bus import Bus

NAME_IN_USE = 10058
"""JetStream's error code for a stream that exists with another configuration."""
PARTIAL = "the streams could not be laid out"


class SetupSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    replicas: Literal[1, 3, 5] = 1
    """On how many servers of a NATS cluster each stream is kept."""


class CreateConsumer(msgspec.Struct, frozen=True, kw_only=True):
    """JetStream's request to make a consumer, or to update it."""

    stream_name: str
    config: Consumer


def main() -> None:
    """Lay everything out; running it again changes nothing."""
    log.configure()
    try:
        wanted = settings.load(SETUP, SetupSettings)
        asyncio.run(_main(settings.load("nats", settings.BusSettings), wanted.replicas))
    except (settings.SettingsError, errors.Failure) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


async def _main(bus_settings: settings.BusSettings, replicas: int) -> None:
    async with Bus.open(bus_settings, SETUP) as bus:
        await lay_out(bus, replicas)


async def lay_out(bus: Bus, replicas: int = 1) -> None:
    """Create or update every stream and consumer; each is kept on so many servers."""
    await asyncio.gather(*(_stream(bus, msgspec.structs.replace(stream, num_replicas=replicas)) for stream in STREAMS))
    await asyncio.gather(*(_consumer(bus, consumer) for consumer in CONSUMERS))
    logging.getLogger("daimon.setup").info("streams are laid out", extra={"action": "setup.done"})


async def _stream(bus: Bus, stream: Stream) -> None:
    answer = await bus.administer(f"$JS.API.STREAM.CREATE.{stream.name}", stream)
    if _code(answer) == NAME_IN_USE:
        answer = await bus.administer(f"$JS.API.STREAM.UPDATE.{stream.name}", stream)
    _check(answer, stream.name)


async def _consumer(bus: Bus, consumer: Consumer) -> None:
    subject = f"$JS.API.CONSUMER.CREATE.{EVENTS.name}.{consumer.durable_name}"
    if consumer.filter_subject:
        subject = f"{subject}.{consumer.filter_subject}"
    answer = await bus.administer(subject, CreateConsumer(stream_name=EVENTS.name, config=consumer))
    _check(answer, consumer.durable_name)


def _code(answer: dict[str, Any]) -> int:
    error: dict[str, Any] = answer.get("error") or {}
    return int(error.get("err_code", 0))


def _check(answer: dict[str, Any], name: str) -> None:
    if "error" in answer:
        raise errors.Unavailable(f"JetStream refused {name}: {answer['error'].get('description', PARTIAL)}.")


if __name__ == "__main__":
    main()
