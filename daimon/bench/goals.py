"""The goals: what each figure of each bench must reach."""

from __future__ import annotations

from typing import Literal

import msgspec


class Goal(msgspec.Struct, frozen=True):
    """A limit for one figure."""

    bench: str
    figure: str
    sign: Literal["<=", ">="]
    limit: float
    unit: str

    def met_by(self, value: float) -> bool:
        """Say whether a value reaches it."""
        return value <= self.limit if self.sign == "<=" else value >= self.limit

    def text(self) -> str:
        """Return it as people write it, such as `<= 3 s`."""
        return f"{self.sign} {self.limit:g} {self.unit}".rstrip()


GOALS = (
    Goal("boot", "second_start", "<=", 3.0, "s"),
    Goal("boot", "memory_idle", "<=", 400.0, "MB"),
    Goal("boot", "packages", "<=", 550.0, "MB"),
    Goal("stream", "first_token_api", "<=", 1.5, "ms"),
    Goal("stream", "first_token_page", "<=", 3.0, "ms"),
    Goal("stream", "lag_api", "<=", 0.4, "ms"),
    Goal("stream", "lag_page", "<=", 0.4, "ms"),
    Goal("stream", "relay_api", ">=", 0.65, "x"),
    Goal("stream", "relay_page", ">=", 0.65, "x"),
    Goal("stream", "first_token_50_api", "<=", 2.0, "x"),
    Goal("stream", "first_token_50_page", "<=", 2.0, "x"),
    Goal("stream", "bytes_4x", "<=", 4.4, "x"),
    Goal("stream", "crowd_failed", "<=", 0.0, "answers"),
    Goal("stream", "crowd_grew", "<=", 10.0, "MB"),
    Goal("turn", "tool_step", "<=", 10.0, "ms"),
    Goal("turn", "incomplete", "<=", 0.0, "answers"),
    Goal("turn", "characters_lost", "<=", 0.0, ""),
    Goal("turn", "characters_doubled", "<=", 0.0, ""),
    Goal("turn", "gap", "<=", 5.0, "s"),
    Goal("events", "acknowledged", ">=", 20_000.0, "/s"),
    Goal("events", "times_one_by_one", ">=", 5.0, "x"),
    Goal("events", "committed", ">=", 10_000.0, "/s"),
    Goal("events", "committed_of_raw", ">=", 20.0, "%"),
    Goal("events", "lag_p99", "<=", 250.0, "ms"),
    Goal("ghost", "right", ">=", 0.7, ""),
    Goal("ghost", "times_baseline", ">=", 1.5, "x"),
    Goal("ghost", "event", "<=", 1.0, "ms"),
    Goal("do", "command", "<=", 60.0, "ms"),
    Goal("sandbox", "warm_p50", "<=", 2.0, "ms"),
    Goal("sandbox", "warm_p99", "<=", 10.0, "ms"),
    Goal("sandbox", "faster_than_exec", ">=", 15.0, "x"),
    Goal("sandbox", "new_box", "<=", 25.0, "ms"),
    Goal("sandbox", "pooled_box", "<=", 15.0, "ms"),
    Goal("sandbox", "idle_100", "<=", 600.0, "MB"),
    Goal("sandbox", "flood_grew", "<=", 20.0, "MB"),
    Goal("sandbox", "docker_warm_p50", "<=", 2.0, "ms"),
    Goal("sandbox", "docker_warm_p99", "<=", 10.0, "ms"),
    Goal("sandbox", "docker_pooled_box", "<=", 15.0, "ms"),
    Goal("sandbox", "docker_box_by_run", "<=", 1.2, "x"),
    Goal("search", "p95", "<=", 15.0, "ms"),
    Goal("search", "p95_filtered", "<=", 25.0, "ms"),
    Goal("search", "rate", ">=", 200.0, "/s"),
    Goal("search", "agreement", ">=", 0.95, ""),
    Goal("search", "faster_than_naive", ">=", 100.0, "x"),
    Goal("embed", "of_bare", ">=", 85.0, "%"),
    Goal("fresh", "rows", ">=", 4900.0, "/s"),
    Goal("fresh", "searchable_p99", "<=", 500.0, "ms"),
    Goal("fresh", "agreement", ">=", 0.95, ""),
    Goal("fresh", "times_incremental", ">=", 8.0, "x"),
    Goal("ui", "written", ">=", 2_000.0, "/s"),
    Goal("ui", "slowest_page", "<=", 60.0, "ms"),
    Goal("ui", "long_conversation", "<=", 200.0, "ms"),
    Goal("ui", "first_load", "<=", 150.0, "KB"),
    Goal("ui", "navigation", "<=", 20.0, "KB"),
    Goal("ui", "opening_in_browser", "<=", 200.0, "ms"),
    Goal("ui", "layout_shift", "<=", 0.0, ""),
    Goal("ui", "interaction_chat", "<=", 100.0, "ms"),
    Goal("ui", "interaction_tasks", "<=", 100.0, "ms"),
    Goal("recall", "recall", ">=", 0.75, ""),
    Goal("recall", "recall_held_out", ">=", 0.75, ""),
)


def goal_of(bench: str, figure: str) -> Goal | None:
    """Return the goal of a figure; None for one that is only shown."""
    return next((goal for goal in GOALS if (goal.bench, goal.figure) == (bench, figure)), None)
