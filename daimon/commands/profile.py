"""`daimon profile`: how somebody is met, and whether the assistant speaks to them unasked."""

from __future__ import annotations

import argparse

import msgspec

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, show_json, table
from proto import choices, events
from proto.accounts import Profile, ProfileChanged
from proto.base import Nothing
from proto.kinds import happening


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed."""

    profile: Profile
    waking: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    parser.add_argument(
        "--waking",
        choices=("on", "off"),
        help="whether the assistant speaks by itself when a job ends that it began; `daimon undo` takes it back",
    )


def run(arguments: argparse.Namespace) -> int:
    """Show or choose; return 0."""
    return on_bus(_profile, arguments)


async def _profile(connection: Connection, arguments: argparse.Namespace) -> int:
    if arguments.waking:
        await connection.call(choices.SET_WAKING, choices.Waking(on=arguments.waking == "on"))
    waking = (await connection.call(choices.WAKING, Nothing())).on
    shown = Shown(profile=await _known(connection), waking=waking)
    if arguments.json:
        show_json(shown)
    else:
        print("\n".join(table(("what", "how"), _rows(shown))))
    return 0


async def _known(connection: Connection) -> Profile:
    """The profile, as the log has it."""
    last = await connection.bus.journal.last(events.of_kind(ProfileChanged.kind, connection.caller.user))
    what = happening(last.event) if last else None
    return what.profile if isinstance(what, ProfileChanged) else Profile()


def _rows(shown: Shown) -> list[tuple[str, str]]:
    profile = shown.profile
    return [
        ("name", profile.shown or "that of the account"),
        ("time zone", profile.zone or "that of the browser"),
        ("language", profile.language or "that of the question"),
        ("told of", ", ".join(profile.notices) or "nothing"),
        ("waking", "on: speaks when a job of its ends" if shown.waking else "off: waits to be asked"),
    ]
