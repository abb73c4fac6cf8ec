"""Which units one machine gets, with every place in their rows filled."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import msgspec

from daimon.up.overrides import Overrides
from services.runtime.settings import PREFIX
from services.runtime.units import Row, Section, Value, table, unit_of

NATS_PORT, MONITOR_PORT, GATEWAY_PORT = 4222, 8222, 8400
DATABASE = "host=/run/daimon-postgres user=daimon_memory dbname=daimon"
STATE = "/var/lib/daimon"
"""The home of a machine whose parts are units."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one machine runs."""

    python: str
    """The program that runs our modules."""
    nats_server: str = ""
    pg_dump: str = "pg_dump"
    services: tuple[str, ...] = tuple(table().services)
    instances: Mapping[str, int] = {}
    """How often a service runs, where it is not once."""
    first: bool = True
    """Whether it is the first of several machines: it makes passwords and streams."""
    nats: str = ""
    """Address of a bus elsewhere, or several with commas; empty: one of our own."""
    replicas: int = 1
    """On how many servers of the bus each stream is kept."""
    listen: str = "127.0.0.1"
    """Where our own bus listens."""
    credentials: str = f"{STATE}/credentials"
    settings: Overrides = {}
    systemd: int = 0

    @property
    def nats_url(self) -> str:
        """Where the services find the bus."""
        return self.nats or f"nats://127.0.0.1:{NATS_PORT}"

    @property
    def gateway(self) -> str:
        """Where a browser on this machine finds it."""
        own = self.settings.get("gateway", {})
        return own.get("origin") or f"http://127.0.0.1:{own.get('port', GATEWAY_PORT)}"

    @property
    def servers(self) -> tuple[str, ...]:
        """Which units beside the services run here."""
        own = "memory" in self.services and self.database == DATABASE
        needed = {
            "prepare": self.first,
            "nats": not self.nats,
            "setup": self.first,
            "postgres": own,
            "migrate": "memory" in self.services,
        }
        return tuple(name for name, wanted in needed.items() if wanted)

    @property
    def database(self) -> str:
        """How the memory service reaches Postgres, as a conninfo string."""
        return self.settings.get("memory", {}).get("database", DATABASE)


def filled(plan: Plan) -> dict[str, Row]:
    """Return each unit of the machine, ready to be written."""
    chosen = dict(_chosen(plan))
    return {name: _fill(row, plan, tuple(chosen)) for name, row in chosen.items()}


def _chosen(plan: Plan) -> Iterator[tuple[str, Row]]:
    rows = table().units
    for server in plan.servers:
        row = rows[unit_of(server)]
        yield unit_of(server), _told("memory", row, plan) if server == "migrate" else row
    for service in plan.services:
        row = _told(service, rows[unit_of(service)], plan)
        yield from ((unit_of(service, number), row) for number in range(1, plan.instances.get(service, 1) + 1))
    yield from ((name, row) for name, row in rows.items() if not name.endswith(".service"))


def _told(service: str, row: Row, plan: Plan) -> Row:
    """Tell a service its settings, and let it out to where they send it."""
    said = plan.settings.get(service, {})
    own = {f"{PREFIX}_{service}_{field}".upper(): _literal(value) for field, value in said.items()}
    section = dict(row.service)
    if section["IPAddressAllow"] == "localhost" and not all(map(_is_near, _addresses(service, plan))):
        section |= {"IPAddressAllow": "", "IPAddressDeny": ""}
    if service == "sandbox" and said.get("backend", "").startswith("docker"):
        section |= table().docker
    return msgspec.structs.replace(row, service=section, environment={**row.environment, **own})


def _addresses(service: str, plan: Plan) -> Iterator[str]:
    own = plan.settings.get(service, {})
    places = {
        "nats": [urlsplit(url).hostname or "" for url in plan.nats_url.split(",")],
        "ollama": [urlsplit(url.strip()).hostname or "" for url in own.get("ollama", "").split(",")],
        "database": [_host(own.get("database", ""))],
    }
    yield from (place for kind in table().services[service].reaches for place in places[kind])
    if service == "gateway":
        yield own.get("host", "")


def _host(conninfo: str) -> str:
    if "://" in conninfo:
        return urlsplit(conninfo).hostname or ""
    words = dict(word.partition("=")[::2] for word in conninfo.split())
    host = words.get("host", "").strip("'")
    return "" if host.startswith("/") else host


def _is_near(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fill(row: Row, plan: Plan, names: tuple[str, ...]) -> Row:
    places = _places(plan)
    unit = {key: _known(key, value, names) for key, value in row.unit.items()}
    service = dict(row.service)
    if service.get("Restart"):
        for version, more in table().since.items():
            service |= more if plan.systemd >= int(version) else {}
    return Row(
        unit={key: value for key, value in unit.items() if value != []},
        service=_replaced(service, places),
        slice=row.slice,
        install=row.install,
        environment={name: _put(value, places) for name, value in row.environment.items()},
    )


def _known(key: str, value: Value, names: tuple[str, ...]) -> Value:
    """Leave out units that this machine has not."""
    if not isinstance(value, list) or key not in {"After", "Wants"}:
        return value
    if value == ["@units@"]:
        return [name for name in names if name.endswith(".service")]
    return [name for name in value if name in names or not name.startswith("daimon-")]


def _places(plan: Plan) -> dict[str, str]:
    prepare = ("--home", STATE, "--store", "%S/daimon-nats", "--listen", plan.listen, "--url", plan.nats_url)
    group = "daimon-postgres" if "postgres" in plan.servers else "daimon-memory"
    return {
        "@python@": plan.python,
        "@nats-server@": plan.nats_server,
        "@nats-url@": plan.nats_url,
        "@credentials@": plan.credentials,
        "@prepare@": " ".join((*prepare, "--gateway", plan.gateway, "--database", f'"{plan.database}"')),
        "@pg-dump@": plan.pg_dump,
        "@replicas@": str(plan.replicas),
        "@database-group@": group,
        "@database@": plan.database,
        "@reader@": "host=/run/daimon-postgres user=daimon_reader dbname=daimon",
    }


def _replaced(section: Section, places: Mapping[str, str]) -> Section:
    return {key: _put_in(value, places) for key, value in section.items()}


def _put_in(value: Value, places: Mapping[str, str]) -> Value:
    if isinstance(value, str):
        return _put(value, places)
    return [_put(text, places) for text in value] if isinstance(value, list) else value


def _put(text: str, places: Mapping[str, str]) -> str:
    for place, meant in places.items():
        text = text.replace(place, meant)
    return text


def _literal(value: str) -> str:
    """Keep systemd from reading its specifiers in what the owner wrote."""
    return value.replace("%", "%%")
