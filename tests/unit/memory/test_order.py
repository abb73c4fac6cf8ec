"""What comes next in the log, when to try again, and when to stop."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from proto import tasks
from proto.base import Caller
from proto.events import Recorded, happened
from services.memory import store
from services.memory.backoff import Backoff
from services.memory.entries import entry
from services.memory.projector import continues

EVENT = happened(tasks.TaskAdded(task="t", title="x"), Caller(user="ada"))


@pytest.mark.parametrize(
    ("last", "sequences", "next_ones"),
    [
        (0, [1], True),
        (4, [5, 6, 7], True),
        (4, [6, 7], False),
        (4, [5, 7], False),
        (4, [6, 5], False),
        (4, [4, 5], False),
    ],
)
def test_only_the_very_next_events_are_written_as_they_came(last, sequences, next_ones):
    assert continues(last, [entry(Recorded(sequence=sequence, event=EVENT)) for sequence in sequences]) is next_ones


def test_waits_double_up_to_a_bound_and_begin_anew_after_a_success():
    backoff = Backoff(first=1, longest=3)
    assert [backoff.next() for _ in range(4)] == [1, 2, 3, 3]
    backoff.reset()
    assert backoff.next() == 1


async def test_a_cancellation_that_a_library_lost_is_heeded_at_the_next_statement():
    waiting = asyncio.Event()

    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            waiting.set()
            await asyncio.Event().wait()
        with store._our_errors():
            pass

    async with asyncio.TaskGroup() as group:
        task = group.create_task(deaf())
        await waiting.wait()
        task.cancel()
    assert task.cancelled()
