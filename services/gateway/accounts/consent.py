"""A person's word on what the model may do: answers to its questions, and the rules by action.

These take a browser's session alone: a program with an API key may talk to the model, and may not speak for the person.
"""

from __future__ import annotations

from typing import cast

from fastapi import Response

from proto import approvals
from proto.approvals import Rule
from proto.errors import Invalid
from services.gateway.visit import Visit, posted

RULES = ("allow", "ask", "deny")


async def answer(visit: Visit) -> Response:
    """Say whether a call may run."""
    form = await visit.form()
    word = form.get("answer", "")
    if word not in ("allow", "always", "deny"):
        raise Invalid("Say whether it may run: Allow, Always allow, or Deny.")
    answered = approvals.Answer(
        id=visit.path("question"),
        verdict="deny" if word == "deny" else "allow",
        arguments="" if word == "deny" else form.get("arguments", ""),
        always=word == "always",
    )
    await visit.call(approvals.ANSWER, answered)
    return await visit.done()


async def rule(visit: Visit) -> Response:
    """Choose what happens when the model calls an action."""
    wanted = (await visit.form()).get("rule", "")
    chosen = cast("Rule", wanted) if wanted in RULES else "default"
    await visit.call(approvals.SET, approvals.SetRule(action=visit.path("action"), rule=chosen))
    return await visit.done()


ROUTES = (posted("/approvals/{question}", answer), posted("/actions/{action}/rule", rule))
