"""`daimon up` with two tiny services in place of Daimon's own."""

import argparse
import sys

from daimon.commands import CommandError, up
from daimon.up import detach, home, state
from daimon.up.home import Home
from daimon.up.services import Service
from daimon.up.stack import Plan

SERVICES = tuple(Service(name=name, module="tests.unit.up.tiny_service") for name in ("alpha", "beta"))


async def nothing(opened: Home, url: str) -> None:
    """The tiny services need no streams."""


async def link(opened: Home) -> str:
    found = state.read(opened)
    return f"{found.address}/in/token" if found else ""


def main() -> int:
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    arguments = parser.parse_args()
    opened = home.open_home(arguments.home)
    plan = Plan(services=SERVICES, prepare=nothing, port=arguments.port or 0, link=link)
    if arguments.detach:
        return detach.run(opened.logs / "up.log", lambda announce: up.hold(opened, plan, announce))
    return up.hold(opened, plan, lambda line: print(line, flush=True))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        sys.exit(f"daimon: {error}")
