"""`daimon verify`: prove that SQL holds exactly what the log holds, and that nobody has altered it."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator

import msgspec

from daimon.catching_up import caught_up
from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, remark, show_json
from proto import keeping
from proto.keeping import Problem, Seal, Verified

SHOWN = 50


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    ok: bool
    sequence: int
    """The last place in the log that was looked at."""
    events: int
    """Events in the log."""
    rows: int
    """Rows in SQL, those included of which only the hash is left."""
    forgotten: int
    users: int
    seal: str
    """The same seal means the same events in the same order."""
    problems: tuple[Problem, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--upto", type=int, default=0, metavar="N", help="only up to this place in the log")
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare; exits 1 when something is not as it should be."""
    return on_bus(_verify, arguments)


async def _verify(connection: Connection, arguments: argparse.Namespace) -> int:
    proof = await prove(connection, arguments.upto)
    if arguments.json:
        show_json(proof)
    else:
        _print(proof)
    return 0 if proof.ok else 1


async def prove(connection: Connection, upto: int = 0) -> Proof:
    """Compare everything that is in the log now with SQL; Unavailable when SQL does not catch up."""
    last = await caught_up(connection)
    last = min(upto or last, last)
    pieces = [piece async for piece in _pieces(connection, last)]
    seal: Seal = await connection.call(keeping.SEAL, keeping.Sealed(upto=last))
    problems = tuple(problem for piece in pieces for problem in piece.problems)
    return Proof(
        ok=not problems,
        sequence=last,
        events=sum(piece.events for piece in pieces),
        rows=seal.events,
        forgotten=seal.forgotten,
        users=seal.users,
        seal=seal.seal,
        problems=problems,
    )


async def _pieces(connection: Connection, last: int) -> AsyncIterator[Verified]:
    after = 0
    while after < last:
        piece = await connection.call(keeping.VERIFY, keeping.Verify(after=after, upto=last))
        yield piece
        after = piece.next


def _print(proof: Proof) -> None:
    for problem in proof.problems[:SHOWN]:
        print(problem.sentence())
    if len(proof.problems) > SHOWN:
        remark(f"{len(proof.problems) - SHOWN} more are not shown; --json has them.")
    counted = f"{proof.events} events of the log, {proof.rows} rows of {proof.users} users, {proof.forgotten} forgotten"
    if proof.ok:
        print(f"All is well: {counted}.\nSeal {proof.seal or '-'}")
    else:
        print(f"{len(proof.problems)} places are not as they should be: {counted}.")
