"""Doing what was offered, one step after the other, in the ghost's name and with what was accepted as the cause."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from proto import errors
from proto.base import Caller
from proto.suggestions import OFFERED, SAME, Step
from services.runtime.bus import Bus

TIMEOUT = 30.0
"""Seconds for one step."""


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a task as is looked at."""

    id: str = ""


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a reply as is looked at."""

    task: Thing = Thing()
    sentence: str = ""
    exit_code: int | None = None


async def do(bus: Bus, steps: tuple[Step, ...], caller: Caller) -> str:
    """Do the steps and say what came of them; a failure says which were done before it."""
    done: list[str] = []
    task = ""
    for number, step in enumerate(steps):
        try:
            came = await _do(bus, step, task, replace(caller, key=f"{caller.cause}/{number}"))
        except errors.Failure as failure:
            before = f" Before that: {'; '.join(done)}." if done else ""
            why = f"The ghost could not {step.sentence}: {failure.message}{before}"
            raise errors.failure(failure.code, why) from failure
        done.append(came.sentence.partition("\n")[0] or f"Did: {step.sentence}")
        task = came.task.id or task
    return "; ".join(done)


async def _do(bus: Bus, step: Step, task: str, caller: Caller) -> Came:
    call, request = OFFERED[step.action], msgspec.json.decode(step.arguments)
    if request.get("task") == SAME:
        request["task"] = task
    asked = replace(caller, conversation=step.conversation)
    reply = await bus.call_subject(call.at(asked), msgspec.json.encode(request), caller=asked, timeout=TIMEOUT)
    came = msgspec.json.decode(reply, type=Came)
    if came.exit_code:
        raise errors.Refused(f"it ended with exit code {came.exit_code}.")
    return came
