"""Backups: the log, the database and the settings in one tar file, and a new home from it.

The database is written first, so it is never ahead of the log; what happened in between it takes from the log when it
starts. The sandboxes' files and the models are not in it.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from daimon.connection import Connection
from daimon.units import installed
from daimon.up import postgres, state
from daimon.up.credentials import password_file, users
from daimon.up.errors import HomeError
from daimon.up.home import Home, socket_directory
from daimon.up.nats import NatsServer
from daimon.up.postgres import PostgresServer
from daimon.up.unsupervised import running
from proto import errors, keeping
from proto.permissions import SETUP
from proto.streams import STREAMS
from services.runtime.bus import Bus
from services.runtime.bus.snapshots import CHUNK, Head
from services.runtime.settings import BusSettings

FORM = 1
_MANIFEST = "manifest.json"
_DUMP = "postgres.dump"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    form: int
    time: datetime
    sequence: int
    """The last place of the log that SQL surely has."""
    seal: str
    """Over all chains up to that place; `daimon verify --upto` shows the same after restoring."""


async def save(connection: Connection, home: Home, file: Path, last: int) -> Manifest:
    """Write a backup of what runs in a home."""
    run = state.read_running(home) or installed.read(home)
    if run is None or not run.database:
        raise errors.Unavailable("A backup is made of what runs in this home, and nothing does; start `daimon up`.")
    seal = await connection.call(keeping.SEAL, keeping.Sealed(upto=last))
    manifest = Manifest(form=FORM, time=datetime.now(UTC), sequence=last, seal=seal.seal)
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as directory:
        draft = Path(directory)
        (draft / _MANIFEST).write_bytes(msgspec.json.encode(manifest))
        await postgres.dump(run.database, draft / _DUMP, home.logs / "backup.log")
        await _save_streams(home, run.nats_url, draft)
        _pack(draft, home, file)
    return manifest


async def _save_streams(home: Home, url: str, draft: Path) -> None:
    async with _as_setup(home, url) as bus:
        for stream in STREAMS:
            with (draft / f"{stream.name}.stream").open("wb") as chunks:
                head = await bus.snapshots.save(stream.name, chunks.write)
            (draft / f"{stream.name}.json").write_bytes(msgspec.json.encode(head))


def _pack(draft: Path, home: Home, file: Path) -> None:
    part = draft / "whole.tar"
    with tarfile.open(part, "w") as archive:
        for path in sorted(draft.iterdir()):
            if path != part:
                archive.add(path, path.name)
        archive.add(home.credentials, "credentials")
        if home.overrides.exists():
            archive.add(home.overrides, home.overrides.name)
    part.chmod(0o600)
    part.replace(file)


def check(file: Path, manifest: Manifest) -> None:
    """Read a backup back; raises HomeError where something of it is missing or cannot be read."""
    wanted = {_MANIFEST, _DUMP, *(f"{stream.name}{end}" for stream in STREAMS for end in (".stream", ".json"))}
    try:
        with tarfile.open(file) as archive:
            sizes = {member.name: member.size for member in archive}
            found = archive.extractfile(_MANIFEST)
            said = msgspec.json.decode(found.read() if found else b"", type=Manifest)
    except (OSError, KeyError, tarfile.TarError, msgspec.DecodeError) as error:
        raise HomeError(f"{file} cannot be read back: {error}.") from error
    if said != manifest or wanted - sizes.keys() or not sizes[_DUMP]:
        raise HomeError(f"{file} is not whole; make another.")


async def load(home: Home, file: Path) -> Manifest:
    """Fill an empty home from a backup; raises HomeError when it is not empty, or the file is no backup."""
    if home.postgres.exists() or (home.nats / "jetstream").exists():
        raise HomeError(f"{home.path} has data already; restore into a new directory with --home DIR.")
    with tempfile.TemporaryDirectory(prefix=".restore.", dir=home.path) as directory:
        draft = Path(directory)
        manifest = _unpack(draft, file)
        for credential in (draft / "credentials").iterdir():
            credential.replace(home.credentials / credential.name)
        if (draft / home.overrides.name).exists():
            (draft / home.overrides.name).replace(home.overrides)
        await _load_database(home, draft / _DUMP)
        await _load_streams(home, draft)
    return manifest


def _unpack(draft: Path, file: Path) -> Manifest:
    try:
        with tarfile.open(file) as archive:
            archive.extractall(draft, filter="data")
        manifest = msgspec.json.decode((draft / _MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, tarfile.TarError, msgspec.DecodeError) as error:
        raise HomeError(f"{file} is no backup that can be read; name a file that `daimon backup` wrote.") from error
    except OSError as error:
        raise HomeError(f"{file} cannot be unpacked: {error.strerror}.") from error
    if manifest.form > FORM:
        raise HomeError(f"{file} was made by a newer Daimon; restore it with that one.")
    return manifest


async def _load_database(home: Home, dump: Path) -> None:
    server = PostgresServer(home.postgres, socket_directory(home.run) / "postgres", home.logs / "postgres.log")
    async with running(server):
        await server.load(dump)


async def _load_streams(home: Home, draft: Path) -> None:
    server = NatsServer(home.nats, home.logs / "nats.log", lambda: users(home))
    async with running(server), _as_setup(home, server.url) as bus:
        for head in _heads(draft):
            what = msgspec.json.decode(head.read_bytes(), type=Head)
            await bus.snapshots.load(head.stem, what, _chunks(head.with_suffix(".stream")))


def _heads(draft: Path) -> list[Path]:
    return [path.with_suffix(".json") for path in sorted(draft.glob("*.stream"))]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _as_setup(home: Home, url: str) -> AbstractAsyncContextManager[Bus]:
    settings = BusSettings(url=url, user=SETUP, password_file=str(password_file(home, SETUP)))
    return Bus.open(settings, SETUP)
