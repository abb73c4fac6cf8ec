"""The table of services, what each finds in its environment, and one service as a part of the stack."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

import daimon
from daimon.up.child import Launch
from daimon.up.credentials import password, password_file
from daimon.up.home import Home
from daimon.up.overrides import Overrides
from daimon.up.postgres import binaries
from daimon.up.readiness import Readiness
from services.runtime.settings import PREFIX

CHECKOUT = Path(daimon.__file__).parent.parent


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table."""

    name: str
    module: str


SERVICES = tuple(
    Service(name=name, module=f"services.{name}.main")
    for name in ("gateway", "memory", "llm", "sandbox", "ui", "tasks", "undo", "ghost")
)


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts of one run find each other."""

    nats_url: str
    database: str
    """How the memory service reaches Postgres, as a conninfo string."""
    reader: str
    """The same for the role that runs people's SQL."""
    port: int
    """Where the gateway listens."""


def own_settings(home: Home, addresses: Addresses) -> dict[str, dict[str, str]]:
    """Return, for each service, the settings that only we know."""
    return {
        "gateway": {"port": str(addresses.port), "backups": str(home.whole_backups)},
        "llm": {"models_dir": str(home.models)},
        "memory": {
            "database": addresses.database,
            "reader": addresses.reader,
            "backups": str(home.backups),
            "pg_dump": str(binaries() / "pg_dump"),
        },
        "sandbox": {"home": str(home.boxes)},
    }


def environment(name: str, home: Home, addresses: Addresses, overrides: Overrides) -> dict[str, str]:
    """Return the variables by which a service finds its settings; making its password if it has none."""
    password(home, name)
    settings = {**overrides.get(name, {}), **own_settings(home, addresses).get(name, {})}
    return {
        f"{PREFIX}_HOME": str(home.path),
        f"{PREFIX}_NATS_URL": addresses.nats_url,
        f"{PREFIX}_NATS_USER": name,
        f"{PREFIX}_NATS_PASSWORD_FILE": str(password_file(home, name)),
        **{f"{PREFIX}_{name}_{field}".upper(): value for field, value in settings.items()},
    }


def python(module: str, variables: Mapping[str, str], log: Path) -> Launch:
    """Return how a module of ours is run, with these variables beside the ones we were given ourselves."""
    assignments = [f"{name}={value}" for name, value in variables.items()]
    # The module is found because `-m` looks in the working directory first.
    return Launch(argv=("env", *assignments, sys.executable, "-m", module), log=log, directory=CHECKOUT)


class ServicePart:
    """A service as the supervisor sees it."""

    def __init__(self, service: Service, launch: Launch, readiness: Readiness) -> None:
        self.name = service.name
        self._launch = launch
        self._readiness = readiness

    async def launch(self) -> Launch:
        """Expect a new word of readiness, and say how the service is started."""
        self._readiness.forget()
        return self._launch

    async def until_ready(self) -> None:
        """Wait until the service says that it serves."""
        await self._readiness.wait()
