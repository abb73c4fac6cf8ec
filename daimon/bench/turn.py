"""`daimon bench turn`: workers killed in the middle of their answers, and what a step of the loop costs."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
from collections import defaultdict

import msgspec

from daimon.bench.programs import System, free_port, fresh_home, model_server, up
from daimon.bench.report import Figure, figure
from daimon.bench.workers import second_worker
from daimon.session import ChatSession
from proto.chat import Ended, Part, Returned, Started, Text

KILLS = 10
"""A round; 50 in the usual five."""
STEPS = 20
"""Turns with an action, and without, a round."""
TOKENS, RATE = 400, 200.0
EXPECTED = "".join(f" token{number}" for number in range(TOKENS))
SEED = 2026

Found = dict[str, list[float]]


class Killed(msgspec.Struct, frozen=True, kw_only=True):
    """One answer whose worker was killed."""

    text: str
    whole: bool
    gap: float
    """The longest silence between two pieces, in seconds."""


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """One turn with an action, or without; seconds."""

    seconds: float
    """The whole turn, as a program sees it."""
    action: float
    """The action's own time."""
    waited: float
    """From the model server's call of the action to the next request that it gets."""


async def run(rounds: int) -> dict[str, Figure]:
    """Kill workers at random places of their answers."""
    found: Found = defaultdict(list)
    dice = random.Random(SEED)  # noqa: S311 - where to kill is no secret
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with fresh_home(url) as home, up(home) as system:
        async with model_server(rate=0, tokens=0, port=port, stamped=True):
            for _ in range(rounds):
                await _steps(system, found)
        async with model_server(rate=RATE, tokens=TOKENS, port=port), second_worker(system, url):
            await _kill(system, rounds, dice, found)
    return _figures(found)


async def _steps(system: System, found: Found) -> None:
    """Turns with an action and without, in turns, each with a question that is new."""
    acting, plain = [], []
    async with ChatSession(user="owner", home=system.home.path) as session:
        await _turn(session, "add warm up to my list")
        for number in range(STEPS):
            plain.append(await _turn(session, f"say thing {number} to me now"))
            acting.append(await _turn(session, f"add thing {number} to my list"))
    found["step"].append(statistics.median(turn.waited - turn.action for turn in acting) * 1000)
    found["action"].append(statistics.median(turn.action for turn in acting) * 1000)
    found["plain"].append(statistics.median(turn.seconds for turn in plain) * 1000)
    found["turn"].append(statistics.median(turn.seconds for turn in acting) * 1000)


async def _turn(session: ChatSession, text: str) -> Acted:
    """One turn and its action."""
    loop = asyncio.get_running_loop()
    began, action = loop.time(), 0.0
    async for part in session.stream_parts(text):
        if isinstance(part, Returned):
            action = part.tool.seconds
        if isinstance(part, Ended):
            if part.outcome != "done":
                raise ConnectionError(f"The turn {text!r} was not done: {part.error}.")
            return Acted(seconds=loop.time() - began, action=action, waited=float(part.answer) if action else 0.0)
    raise ConnectionError(f"The turn {text!r} did not end.")


async def _kill(system: System, rounds: int, dice: random.Random, found: Found) -> None:
    for _ in range(rounds):
        answers = [await _killed(system, dice.randrange(len(EXPECTED))) for _ in range(KILLS)]
        found["complete"].append(float(sum(answer.whole for answer in answers)))
        found["lost"].append(float(sum(len(EXPECTED) - _common(answer.text) for answer in answers)))
        found["doubled"].append(float(sum(max(0, len(answer.text) - len(EXPECTED)) for answer in answers)))
        found["gap"].append(statistics.median(answer.gap for answer in answers))


async def _killed(system: System, at: int) -> Killed:
    """Ask, and kill the worker when its answer has so many characters."""
    loop = asyncio.get_running_loop()
    text, worker, gap, latest = "", 0, 0.0, 0.0
    async with ChatSession(user="owner", home=system.home.path) as session:
        parts = session.stream_parts("Tell me something.")
        async for part in parts:
            worker = _worker(part) or worker
            if isinstance(part, Text):
                gap = max(gap, loop.time() - latest if latest else 0.0)
                latest = loop.time()
                text = text[: part.offset] + part.text
            if worker > 0 and len(text) > at:
                os.kill(worker, signal.SIGKILL)
                worker = -1
            if isinstance(part, Ended):
                return Killed(text=text, whole=part.outcome == "done" and part.answer == text == EXPECTED, gap=gap)
    return Killed(text=text, whole=False, gap=gap)


def _worker(part: Part) -> int:
    """The process that says it took the turn, if it is the first one."""
    return int(part.worker.rpartition("/")[2]) if isinstance(part, Started) and part.attempt == 1 else 0


def _common(text: str) -> int:
    """How many characters are as they should be, from the beginning."""
    return next((place for place, (one, two) in enumerate(zip(text, EXPECTED, strict=False)) if one != two), len(text))


def _figures(found: Found) -> dict[str, Figure]:
    kills = KILLS * len(found["gap"])
    action, plain = statistics.median(found["action"]), statistics.median(found["plain"])
    against = f"of {kills} killed in the middle"
    return {
        "tool_step": figure(found["step"], "ms", f"the action's own time: {action:.1f} ms"),
        "acting_turn": figure(found["turn"], "ms", f"a turn without an action: {plain:.1f} ms"),
        "complete": _total(found["complete"], "answers", against),
        "incomplete": _total([KILLS - whole for whole in found["complete"]], "answers", against),
        "characters_lost": _total(found["lost"], "", f"of {kills * len(EXPECTED):,}"),
        "characters_doubled": _total(found["doubled"], ""),
        "gap": figure(found["gap"], "s", f"a piece each {1000 / RATE:.0f} ms"),
    }


def _total(rounds: list[float], unit: str, against: str = "") -> Figure:
    return Figure(value=sum(rounds), unit=unit, spread=(min(rounds), max(rounds)), against=against)
