"""`daimon units`: write the units with which systemd runs Daimon on a machine of its own."""

from __future__ import annotations

import argparse
import compileall
import re
import subprocess
import sys
from pathlib import Path

from daimon.commands import CommandError
from daimon.terminal import remark
from daimon.units.plan import STATE, Plan, filled
from daimon.units.text import sysusers, text
from daimon.up import overrides
from daimon.up.nats import binary
from daimon.up.postgres import binaries
from daimon.up.services import CHECKOUT
from services.runtime.units import table

_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - units do not see these, which is the point


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    services = tuple(table().services)
    parser.add_argument("--dir", type=Path, required=True, help="where they go: /etc/systemd/system, or a look-see")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="a settings.toml, as `daimon up` takes it")
    parser.add_argument("--only", nargs="+", choices=services, metavar="SERVICE", help="run these services alone")
    parser.add_argument("--instances", nargs="+", type=_instances, default=[], metavar="SERVICE=N", help="run N of one")
    parser.add_argument("--nats", default="", metavar="URL", help="the bus elsewhere, or a,b,c; else one runs here")
    parser.add_argument(
        "--replicas", type=int, choices=(1, 3, 5), default=1, help="on how many servers of it to keep all"
    )
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help="where the bus that runs here listens")
    parser.add_argument("--credentials", default=f"{STATE}/credentials", metavar="DIR", help="the services' passwords")
    parser.add_argument("--systemd", type=int, metavar="N", help="for this version of systemd; else the machine's own")


def run(arguments: argparse.Namespace) -> int:
    """Write them, and say what to do next."""
    plan = _plan(arguments)
    _compile()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    for name, row in filled(plan).items():
        (arguments.dir / name).write_text(text(row))
    accounts = arguments.dir / "daimon-sysusers.conf"
    accounts.write_text(sysusers(table().users))
    print(f"{arguments.dir}: {', '.join(filled(plan))}")
    remark(
        f"Next, as root: systemd-sysusers {accounts} && systemctl daemon-reload && systemctl enable --now daimon.target"
    )
    if "gateway" in plan.services:
        remark(f"Then sign in with what `{CHECKOUT}/bin/daimon link --home {STATE}` prints.")
    return 0


def _compile() -> None:
    """Compile every module now: units may not write beside the program, and would do it anew at each start."""
    for folder in ("proto", "services", "daimon"):
        compileall.compile_dir(CHECKOUT / folder, quiet=2)


def _plan(arguments: argparse.Namespace) -> Plan:
    _check_place(CHECKOUT)
    services = tuple(arguments.only or table().services)
    settings = overrides.read(arguments.settings, tuple(table().services)) if arguments.settings else {}
    if arguments.only and not arguments.nats:
        raise CommandError("A machine that runs only some services needs the bus of the others: say --nats URL.")
    if "postgres" in settings:
        settings = {**settings, "memory": {**settings["postgres"], **settings.get("memory", {})}}
    return Plan(
        python=f"{sys.executable} -P",
        nats_server=str(binary()),
        pg_dump=str(binaries() / "pg_dump"),
        services=services,
        instances=dict(arguments.instances),
        first=not arguments.only,
        nats=arguments.nats or settings.get("nats", {}).get("url", ""),
        replicas=arguments.replicas,
        listen=arguments.listen,
        credentials=arguments.credentials,
        settings=settings,
        systemd=arguments.systemd or _systemd(),
    )


def _check_place(checkout: Path) -> None:
    if any(checkout.is_relative_to(folder) for folder in _HIDDEN):
        raise CommandError(
            f"Units do not see {checkout}: they are kept out of people's folders. Clone Daimon into /opt/daimon, as"
            " root, and run this there."
        )


def _systemd() -> int:
    """Return the version of systemd here; 0 when there is none."""
    try:
        said = subprocess.run(("systemctl", "--version"), capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.match(r"systemd (\d+)", said)
    return int(found[1]) if found else 0


def _instances(given: str) -> tuple[str, int]:
    name, _, number = given.partition("=")
    many = [service for service, kind in table().services.items() if kind.many]
    if name not in many or not number.isdigit() or not 1 <= int(number) <= 99:
        raise argparse.ArgumentTypeError(f"{given!r} must be one of {', '.join(many)}, then = and a number up to 99")
    return name, int(number)
