"""Which tasks of a list a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from proto.board import Touch
from proto.tasks import Task
from proto.ui import Board

FIRST, LAST = 30, 10
"""Of a long list those that a page shows beside something else: the next ones to do, and those that were just added."""

Row = tuple[Task, Touch | None]


def shown(board: Board) -> list[Row]:
    """The tasks that its filter lets through, each with its last change."""
    words = board.words.casefold().split()
    return [
        (task, touch)
        for task, touch in zip_longest(board.tasks, board.touches[: len(board.tasks)])
        if board.show == "all" or task.done == (board.show == "done")
        if all(word in task.title.casefold() for word in words)
    ]


def beside_others(rows: Sequence[Row]) -> list[Row | tuple[None, int]]:
    """The beginning and the end of a long list, and between them how many are left out."""
    left_out = len(rows) - FIRST - LAST
    if left_out <= 1:
        return [*rows]
    return [*rows[:FIRST], (None, left_out), *rows[-LAST:]]
