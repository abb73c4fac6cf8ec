"""Which tasks of a list a page shows."""

from __future__ import annotations

from itertools import zip_longest

from proto.board import Touch
from proto.tasks import Task
from proto.ui import Board


def shown(board: Board) -> list[tuple[Task, Touch | None]]:
    """The tasks that its filter lets through, each with its last change."""
    words = board.words.casefold().split()
    return [
        (task, touch)
        for task, touch in zip_longest(board.tasks, board.touches[: len(board.tasks)])
        if board.show == "all" or task.done == (board.show == "done")
        if all(word in task.title.casefold() for word in words)
    ]
