"""Ending what an earlier run has left behind because its supervisor was killed."""

from __future__ import annotations

import asyncio
import signal

from daimon.up.polling import until
from daimon.up.procfs import Running
from daimon.up.state import State

GRACE = 2.0


async def end(state: State) -> list[str]:
    """End the children of a run whose supervisor is gone; return their names.

    Postgres is not among them: it needs care of its own and gets it when it is started again.
    """
    left = {name: child.run for name, child in state.children.items() if child.run and name != "postgres"}
    alive = {name: run for name, run in left.items() if run.is_alive()}
    for run in alive.values():
        run.signal_group(signal.SIGTERM)
    try:
        async with asyncio.timeout(GRACE):
            await _gone(list(alive.values()))
    except TimeoutError:
        for run in alive.values():
            run.signal_group(signal.SIGKILL)
        await _gone(list(alive.values()))
    return sorted(alive)


async def _gone(runs: list[Running]) -> None:
    await until(lambda: not any(run.is_alive() for run in runs))
