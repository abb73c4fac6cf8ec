"""Numbers for Prometheus: requests at this gateway, turns as the log tells of them, the length of queues."""

from __future__ import annotations

import asyncio
import bisect
from collections import Counter
from collections.abc import Iterable, Mapping

from proto import chat, events
from proto.errors import Failure
from proto.kinds import happening
from services.gateway.programs import queues
from services.runtime.bus import Bus, Interrupted

BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds in seconds."""
AGAIN = 0.5

Labels = tuple[tuple[str, str], ...]


class Histogram:
    """How long something took."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect.bisect_left(BUCKETS, seconds)] += 1
        self._sum += seconds

    def lines(self, name: str, labels: Labels = ()) -> Iterable[str]:
        """As Prometheus reads it: each bucket holds all that were no longer."""
        sofar = 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self._counts, strict=True):
            sofar += count
            yield line(f"{name}_bucket", sofar, (*labels, ("le", bound)))
        yield line(f"{name}_sum", self._sum, labels)
        yield line(f"{name}_count", sofar, labels)


class Metrics:
    """What is counted since the start."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._answered: dict[str, Histogram] = {}
        self._turns: Counter[str] = Counter()
        self._tokens: Counter[str] = Counter()
        self._turn_seconds = Histogram()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request, by its route and never by its address, which names things of people's."""
        self._requests[method, route, status] += 1
        self._answered.setdefault(route, Histogram()).observe(seconds)

    async def keep(self) -> None:
        """Follow the turns of everybody until cancelled."""
        while True:
            try:
                async with self._bus.follow(events.of_kind(chat.Answered.kind)) as turns:
                    async for event in turns:
                        what = happening(event)
                        if isinstance(what, chat.Answered):
                            self._count(what)
            except (Interrupted, Failure):
                await asyncio.sleep(AGAIN)

    def text(self, depths: Mapping[str, int]) -> str:
        """Everything, as Prometheus reads it."""
        return "\n".join([*self._http(), *self._model(), *_queues(depths), ""])

    async def depths(self) -> dict[str, int]:
        """How many events wait in each queue."""
        return await queues.depths(self._bus)

    def _count(self, turn: chat.Answered) -> None:
        self._turns[turn.outcome] += 1
        self._tokens["prompt"] += turn.prompt_tokens
        self._tokens["answer"] += turn.answer_tokens
        self._turn_seconds.observe(turn.seconds)

    def _http(self) -> Iterable[str]:
        yield from head("daimon_http_requests_total", "counter", "Requests, by route.")
        for (method, route, status), count in sorted(self._requests.items()):
            labels = (("method", method), ("route", route), ("status", str(status)))
            yield line("daimon_http_requests_total", count, labels)
        yield from head("daimon_http_answer_seconds", "histogram", "Until an answer begins.")
        for route, histogram in sorted(self._answered.items()):
            yield from histogram.lines("daimon_http_answer_seconds", (("route", route),))

    def _model(self) -> Iterable[str]:
        yield from head("daimon_turns_total", "counter", "Turns of everybody, by how they ended.")
        for outcome in ("done", "stopped", "failed"):
            yield line("daimon_turns_total", self._turns[outcome], (("outcome", outcome),))
        yield from head("daimon_tokens_total", "counter", "Tokens read and written by the model.")
        for kind in ("prompt", "answer"):
            yield line("daimon_tokens_total", self._tokens[kind], (("kind", kind),))
        yield from head("daimon_turn_seconds", "histogram", "From the message to the end of its answer.")
        yield from self._turn_seconds.lines("daimon_turn_seconds")


def head(name: str, kind: str, text: str) -> Iterable[str]:
    """What a metric is."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def line(name: str, value: float, labels: Labels = ()) -> str:
    """One sample."""
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"


def _queues(depths: Mapping[str, int]) -> Iterable[str]:
    yield from head("daimon_queue_depth", "gauge", "Events that wait, by queue.")
    for queue, depth in sorted(depths.items()):
        yield line("daimon_queue_depth", depth, (("queue", queue),))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
