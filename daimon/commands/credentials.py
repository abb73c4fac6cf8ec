"""`daimon credentials`: letting other programs onto the bus, each with rights of its own."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
from urllib.parse import urlsplit

from daimon.commands import CommandError, add_home
from daimon.connection import OWNER, PATIENCE, connect
from daimon.terminal import add_again, finish, remark, table
from daimon.units import installed, prepare
from daimon.up import credentials, elsewhere, nats, state
from daimon.up.home import Home
from daimon.up.nats_config import NatsPorts, ports_in
from proto import accounts, errors, permissions
from proto.accounts import Account
from proto.base import Nothing
from proto.roles import ROLES
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_home(parser)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    add = verbs.add_parser("add", help="let a program in, and print the address it connects to")
    add.add_argument("name", help="what the program is called; what it does is done as plugin-NAME")
    add.add_argument("--user", default=OWNER, help=f"whose events it follows and for whom it acts ({OWNER})")
    add.add_argument("--serves", default="", metavar="NOUN", help="let it offer actions NOUN.*")
    add.add_argument("--read-only", action="store_true", help="let it look and change nothing; so for a guest anyway")
    add.set_defaults(do=_add)
    known = verbs.add_parser("list", help="show which programs are let in")
    known.set_defaults(do=_list)
    remove = verbs.add_parser("remove", help="let a program in no more")
    remove.add_argument("name")
    remove.set_defaults(do=_remove)
    for verb in (add, known, remove):
        add_again(verb, "--home")


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    home = Home(path=arguments.home.expanduser().absolute())
    places = (nats.config_file(home.nats), elsewhere.users_file(home))
    if installed.read(home) is None and not any(place.exists() for place in places):
        raise CommandError(f"There is no bus in {home.path}; make one with `bin/daimon up`.")
    return int(arguments.do(home, arguments))


def _add(home: Home, arguments: argparse.Namespace) -> int:
    _check(arguments.name, arguments.serves)
    reads_only = arguments.read_only or _role(home, arguments.user) == "guest"
    allowed = permissions.program(arguments.name, arguments.user, arguments.serves, reads_only=reads_only)
    was_known = any(known.name == arguments.name for known in credentials.programs(home))
    added = credentials.add_program(home, arguments.name, allowed.publish, allowed.subscribe)
    url = f"nats://{added.name}:{added.password}@{_where(home)}"
    if reload(home):
        finish(_until_let_in(url, added.name))
    print(url)
    if was_known:
        remark(f"{added.name} was let in before; its old password is void, so give it this address.")
    remark(f"Replies to its requests arrive at {permissions.inbox_prefix(added.name)}.> (its inbox prefix).")
    return 0


def _role(home: Home, user: str) -> str:
    """What a user may do; empty where Daimon does not run or there is no such account yet."""
    if state.read_running(home) is None:
        return ""

    async def find() -> tuple[Account, ...]:
        async with connect(home.path, OWNER) as connection:
            return (await connection.call(accounts.LIST_ACCOUNTS, Nothing())).accounts

    try:
        found = asyncio.run(find())
    except errors.Failure as failure:
        raise CommandError(failure.message) from failure
    account = next((one for one in found if one.name == user), None)
    if account is not None and account.state == "disabled":
        raise CommandError(f"The account {user} is disabled; `daimon users enable {user}` first.")
    return account.role if account else ""


def _list(home: Home, _: argparse.Namespace) -> int:
    rows = [(known.name, " ".join(known.publish), " ".join(known.subscribe)) for known in credentials.programs(home)]
    print("\n".join(table(("program", "may publish", "may hear"), rows)))
    return 0


def _remove(home: Home, arguments: argparse.Namespace) -> int:
    if not credentials.remove_program(home, arguments.name):
        raise CommandError(f"No program `{arguments.name}` is let in; `daimon credentials list` shows which are.")
    reload(home)
    print(f"{arguments.name} is let in no more.")
    return 0


def _check(name: str, serves: str) -> None:
    for given in filter(None, (name, serves)):
        if not NAME.fullmatch(given):
            raise CommandError(f"`{given}` cannot be used here: take small letters, digits, - and _.")
    ours = {call.noun for role in ROLES.values() for call in role.serves}
    if serves in ours:
        raise CommandError(f"The actions {serves}.* are Daimon's own; take another noun.")


def reload(home: Home) -> bool:
    """Have a running NATS read who may connect; say whether it runs."""
    if place := installed.read(home):
        prepare.write_rights(home, place)
        remark("It takes effect with `systemctl restart daimon-nats`, which interrupts nobody for more than a moment.")
        return False
    if elsewhere.users_file(home).exists():
        elsewhere.write_users(home)
        remark(f"It takes effect when NATS reads {elsewhere.users_file(home)} again (`nats-server --signal reload`).")
        return False
    run = state.read_running(home)
    server = run.children.get("nats") if run else None
    if server is None or server.run is None:
        remark("It takes effect when Daimon is started.")
        return False
    nats.write_config(home.nats, _ports(home), credentials.users(home))
    server.run.signal(signal.SIGHUP)
    return True


def _where(home: Home) -> str:
    """Return where programs find the bus: a host and a port."""
    known = installed.read(home) or state.read(home)
    return urlsplit(known.nats_url).netloc if known and known.nats_url else f"127.0.0.1:{_ports(home).client}"


def _ports(home: Home) -> NatsPorts:
    return ports_in(nats.config_file(home.nats).read_bytes())


async def _until_let_in(url: str, name: str) -> int:
    async with Bus.open(BusSettings(url=url, user=name), name, patience=PATIENCE):
        return 0
