"""`daimon users`: who has an account, and what they may do."""

from __future__ import annotations

import argparse

from daimon.commands import add_home
from daimon.commands.credentials import reload
from daimon.connection import OWNER, Connection
from daimon.terminal import add_again, add_json, clock, on_bus, remark, show_json, table
from daimon.up import credentials
from daimon.up.home import Home
from proto import accounts
from proto.accounts import Account
from proto.base import Nothing

ROLES = ("owner", "member", "guest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_home(parser)
    parser.set_defaults(user=OWNER)
    parser.set_defaults(do=_list)
    verbs = parser.add_subparsers(metavar="VERB", title="without a verb the accounts are listed; the verbs are")
    known = verbs.add_parser("list", help="show all accounts")
    known.set_defaults(do=_list)
    add = verbs.add_parser("add", help="print a one-time link with which somebody chooses a password and comes in")
    add.add_argument("name")
    add.add_argument("--role", choices=ROLES, default="member", help="what a new account may do (member)")
    add.set_defaults(do=_add)
    role = verbs.add_parser("role", help="let an account do more, or less")
    role.add_argument("name")
    role.add_argument("role", choices=ROLES)
    role.set_defaults(do=_change, state=None)
    for verb, state, line in (
        ("disable", "disabled", "end its sessions, keys and streams at once, and let it in no more"),
        ("enable", "active", "let it in again"),
        ("delete", "deleted", "the same as disable, for ever: the name is never used again"),
    ):
        changing = verbs.add_parser(verb, help=line)
        changing.add_argument("name")
        changing.set_defaults(do=_change, state=state, role=None)
    for parsed in verbs.choices.values():
        add_again(parsed, "--json", "--home")


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    return on_bus(arguments.do, arguments)


async def _list(connection: Connection, arguments: argparse.Namespace) -> int:
    found = (await connection.call(accounts.LIST_ACCOUNTS, Nothing())).accounts
    if arguments.json:
        show_json(found)
    elif found:
        print("\n".join(table(("name", "role", "state", "password", "since"), [_row(account) for account in found])))
    else:
        remark("There is no account yet; the link that `daimon link` prints makes the owner's.")
    return 0


def _row(account: Account) -> tuple[str, str, str, str, str]:
    return account.name, account.role, account.state, "yes" if account.password else "no", clock(account.made)


async def _add(connection: Connection, arguments: argparse.Namespace) -> int:
    asked = accounts.Invite(user=arguments.name, role=arguments.role, welcome=True)
    link = await connection.call(accounts.INVITE, asked)
    print(f"{connection.gateway}{link.path}")
    remark(f"It lets {arguments.name} in once, within {link.minutes} minutes, and asks for a password.")
    return 0


async def _change(connection: Connection, arguments: argparse.Namespace) -> int:
    asked = accounts.ChangeAccount(user=arguments.name, role=arguments.role, state=arguments.state)
    changed = await connection.call(accounts.CHANGE_ACCOUNT, asked)
    if changed.state in ("disabled", "deleted"):
        _shut_out(Home(path=arguments.home.expanduser().absolute()), changed.name)
    if arguments.json:
        show_json(changed)
    else:
        print(f"{changed.name} is now {changed.role}, {changed.state}.")
    return 0


def _shut_out(home: Home, user: str) -> None:
    """Let the programs that act for a user on the bus in no more."""
    for name in credentials.remove_programs_of(home, user):
        reload(home)
        remark(f"The program {name}, which acted for {user}, is let in no more.")
