"""Whatever changes something is an event: every changing action of the menu is done, and the log has to know of it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from daimon.connection import Connection, connect
from daimon.contract.listing import ACTIONS, CALLS
from proto import boxes, chat, documents, events, forgetting, jobs, memory, sandbox, sorting, tasks, undo
from proto.base import new_id
from tests.support.whole import Whole

NOTES = b"milk is on the list"
TIMEOUT = 60.0

Step = tuple[Any, Callable[[dict[str, Any]], Any]]

STORY: tuple[Step, ...] = (
    (tasks.ADD, lambda _: tasks.AddTask(title="buy milk")),
    (tasks.ADD, lambda _: tasks.AddTask(title="call mum")),
    (tasks.COMPLETE, lambda _: tasks.CompleteTask(task="milk")),
    (tasks.REOPEN, lambda _: tasks.ReopenTask(task="milk")),
    (tasks.RENAME, lambda _: tasks.RenameTask(task="milk", title="buy bread")),
    (tasks.MOVE, lambda _: tasks.MoveTask(task="bread", position=2)),
    (sorting.SORT, lambda _: sorting.SortTasks(by="oldest")),
    (tasks.DELETE, lambda _: tasks.DeleteTask(task="bread")),
    (undo.LAST, lambda _: undo.UndoLast()),
    (undo.REDO, lambda _: undo.Redo()),
    (undo.STEP, lambda _: undo.UndoStep(step="added call mum")),
    (memory.REMEMBER, lambda _: memory.Remember(text="I like tea")),
    (forgetting.PAUSE, lambda _: forgetting.PauseRecording()),
    (forgetting.RESUME, lambda _: forgetting.ResumeRecording()),
    (sandbox.RUN, lambda _: sandbox.Run(command="cat", background=True, input=True)),
    (jobs.INPUT, lambda done: jobs.GiveInput(job=done["sandbox.run"].job, text="hello")),
    (jobs.STOP, lambda done: jobs.StopJob(job=done["sandbox.run"].job)),
    (boxes.WRITE, lambda _: boxes.WriteFile(path="notes.txt", text="one")),
    (boxes.EDIT, lambda _: boxes.EditFile(path="notes.txt", old="one", new="two")),
    (boxes.NETWORK, lambda _: boxes.SetNetwork(mode="off")),
    (documents.ADD, lambda _: documents.AddDocument(name="n.txt", size=len(NOTES), sha256=_sha())),
    (chat.SEND, lambda _: chat.Send(conversation="c1", text="add eggs to my list")),
)
"""Each step with what it asks for, from what the earlier ones have led to."""
ELSEWHERE = {
    "documents.delete": "tests/integration/test_documents.py",
    "conversation.import": "tests/integration/test_importing.py",
}
"""What needs more of a story, and the tests that tell it."""


def _sha() -> str:
    return hashlib.sha256(NOTES).hexdigest()


@pytest.fixture
async def joined(reflex: Whole) -> AsyncIterator[Connection]:
    async with connect(reflex.home.path, f"walker-{new_id()[-8:]}", "c1") as connection:
        await connection.bus.objects(documents.FILES).put(connection.caller.user, _pieces(), limit=1000)
        yield connection


async def _pieces() -> AsyncIterator[bytes]:
    yield NOTES


async def test_every_action_that_changes_something_leaves_an_event(joined):
    done: dict[str, Any] = {}
    for call, request in STORY:
        caller = replace(joined.caller, key=new_id())
        last = await joined.bus.journal.last(events.of_user(caller.user))
        done[call.name] = await joined.bus.call(call, request(done), caller=caller, timeout=TIMEOUT)
        log = await joined.bus.journal.read(events.of_user(caller.user), after=last.sequence if last else 0)
        own = [one.event for one in log if one.event.actor == "user"]
        assert own, f"{call.name} changed something, and nothing of it is in the log"
        assert all(event.sentence and event.sentence != event.kind for event in own)


def test_no_changing_action_is_left_out():
    changing = {action.name for action in ACTIONS if action.risk != "read"}
    told = {call.name for call, _ in STORY}
    assert changing <= told | ELSEWHERE.keys()
    assert told <= {call.name for call in CALLS}
