"""`daimon keys`: API keys, with which programs speak for their user over HTTP."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_again, add_json, add_person, clock, on_bus, remark, show_json, table
from proto import keys
from proto.keys import ApiKey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    parser.set_defaults(do=_list)
    verbs = parser.add_subparsers(metavar="VERB", title="without a verb the keys are listed; the verbs are")
    known = verbs.add_parser("list", help="show the keys, without their secrets")
    known.set_defaults(do=_list)
    add = verbs.add_parser("add", help="make a key, and print its secret this one time")
    add.add_argument("name", help="what holds it, such as the name of a program")
    add.add_argument("--days", type=int, default=0, help="how long it can be used (as long as it is not revoked)")
    add.set_defaults(do=_add)
    revoke = verbs.add_parser("revoke", help="make a key void at once")
    revoke.add_argument("key", help="its name or its id")
    revoke.set_defaults(do=_revoke)
    for verb in (known, add, revoke):
        add_again(verb, "--json", "--home", "--user")


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    return on_bus(arguments.do, arguments)


async def _list(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(keys.LIST_KEYS, keys.ListKeys(user=arguments.user))
    if arguments.json:
        show_json(found.keys)
    elif found.keys:
        print("\n".join(table(("name", "made", "last used", "valid until", "id"), [row(key) for key in found.keys])))
    else:
        remark(f"{arguments.user} has no API key; `daimon keys add NAME` makes one.")
    return 0


def row(key: ApiKey) -> tuple[str, str, str, str, str]:
    """Return a key as a line of the list."""
    used, until = (clock(time) if time else "" for time in (key.used, key.expires))
    return key.name, clock(key.made), used or "never", until or "it is revoked", key.id


async def _add(connection: Connection, arguments: argparse.Namespace) -> int:
    asked = keys.AddKey(user=arguments.user, name=arguments.name, days=arguments.days)
    made = await connection.call(keys.ADD_KEY, asked)
    if arguments.json:
        show_json(made)
        return 0
    print(made.secret)
    remark("Keep it now: it is shown this once.")
    if connection.gateway:
        remark(f'Try it with the key in KEY: curl {connection.gateway}/v1/models -H "Authorization: Bearer $KEY"')
    return 0


async def _revoke(connection: Connection, arguments: argparse.Namespace) -> int:
    gone = await connection.call(keys.REVOKE_KEY, keys.RevokeKey(user=arguments.user, key=arguments.key))
    print(f"{gone.name} opens nothing any more.")
    return 0
