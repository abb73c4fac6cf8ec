"""`daimon bench recall`: the share of the turns with the answer that are among the first ten found."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from daimon.bench.bm25 import Bm25, fused
from daimon.bench.locomo import Question, Talk, read
from daimon.bench.programs import fresh_home, up
from daimon.bench.report import Figure, figure
from daimon.connection import Connection, connect
from daimon.up.home import Home
from proto import errors, memory
from proto.base import Caller, Nothing
from proto.events import happened
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings

FIRST = 10
DEEP = 50
"""How much of each ranking the plain fusion sees."""
POLL = 0.2
HALVES = ("held_out", "tuning")
"""The constants of the score were chosen by every second conversation; the others judge them."""
SERVICE = "memory"
"""Whose right it is to write notes into the log."""

Found = dict[str, list[float]]


async def run(_rounds: int, file: Path) -> dict[str, Figure]:
    """Let a fresh Daimon remember the conversations, and ask every question once; a second round would say the same."""
    try:
        talks = read(file)
    except (msgspec.MsgspecError, KeyError, ValueError) as error:
        raise errors.Invalid(f"{file} is not a file of conversations in the LoCoMo format: {error}.") from error
    found: Found = defaultdict(list)
    async with fresh_home() as home, up(home) as system:
        async with _joined(home, system.state.nats_url, SERVICE) as bus:
            turns = [await _remember(bus, talk) for talk in talks]
        for talk, turn_of, half in zip(talks, turns, itertools.cycle(HALVES)):
            async with connect(home.path, talk.name) as connection:
                await _embedded(connection, sum(map(len, turns)))
                asked = await _ask(connection, talk, turn_of)
            for name, shares in asked.items():
                found[name] += shares
            found[f"recall_{half}"] += asked["recall"]
    return _figures(found)


@asynccontextmanager
async def _joined(home: Home, url: str, name: str) -> AsyncIterator[Bus]:
    settings = BusSettings(url=url, user=name, password_file=str(home.credentials / name))
    async with Bus.open(settings, "bench") as bus:
        yield bus


async def _remember(bus: Bus, talk: Talk) -> dict[str, str]:
    """Record all turns in their order, and return which event is which turn."""
    turn_of = {}
    async with asyncio.TaskGroup() as group:
        for turn in talk.turns:
            caller = Caller(user=talk.name, conversation=turn.session)
            event = msgspec.structs.replace(happened(memory.Noted(text=turn.text), caller), time=turn.time)
            turn_of[event.id] = turn.id
            group.create_task(bus.journal.append(event))
    return turn_of


async def _embedded(connection: Connection, events: int) -> None:
    """Wait until everything is in SQL and has its vector."""
    while True:
        progress = await connection.call(memory.PROGRESS, Nothing())
        if progress.events >= events and not progress.waiting:
            return
        await asyncio.sleep(POLL)


async def _ask(connection: Connection, talk: Talk, turn_of: Mapping[str, str]) -> Found:
    """Ask all questions of a talk, of search and of what it is measured against."""
    found: Found = defaultdict(list)
    plain = Bm25([turn.text for turn in talk.turns])
    for question in talk.questions:
        words = [talk.turns[place].id for place in plain.ranking(question.text)[:DEEP]]
        dense = await _searched(connection, turn_of, query=question.text, ways="meaning", limit=DEEP)
        ours = await _searched(connection, turn_of, query=question.text, limit=FIRST)
        _note(found, question, {"recall": ours, "bm25": words, "dense": dense, "fusion": fused((words, dense))})
    return found


async def _searched(connection: Connection, turn_of: Mapping[str, str], **search: Any) -> list[str]:
    hits = await connection.call(memory.SEARCH, memory.Search(**search))
    return [turn_of[hit.event] for hit in hits.hits if hit.event in turn_of]


def _note(found: Found, question: Question, rankings: Mapping[str, Sequence[str]]) -> None:
    for name, ranking in rankings.items():
        hits = question.evidence.intersection(ranking[:FIRST])
        found[name].append(len(hits) / len(question.evidence))
        found[f"{name}_{question.category}"].append(found[name][-1])
        found[f"{name}_turns"] += [float(turn in hits) for turn in question.evidence]


def _figures(found: Found) -> dict[str, Figure]:
    """Means over the questions: a median of shares would be 0 or 1."""
    mean = {name: statistics.mean(shares) for name, shares in found.items()}
    against = "; ".join(f"{name} {mean[name]:.3f}" for name in ("bm25", "dense", "fusion"))
    shown = ["recall", *(half for half in map("recall_{}".format, HALVES) if half in mean)]
    shown += ["bm25", "dense", "fusion", "recall_turns"]
    shown += sorted(name for name in mean if name.startswith("recall_") and name[-1].isdigit())
    figures = {name: figure([mean[name]], "") for name in shown}
    figures["recall"] = figure([mean["recall"]], "", f"{against} ({len(found['recall'])} questions)")
    return figures
