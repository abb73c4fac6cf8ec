"""What is offered now: the next action that a habit foretells surely enough and that can be done, or nothing."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

import msgspec

from proto.base import new_id
from proto.suggestions import Step, SuggestionMade
from services.ghost import plans, wording
from services.ghost.deeds import Form, Value
from services.ghost.learner import Foretold
from services.ghost.standing import gist_of
from services.ghost.state import GAP, State
from services.ghost.titles import CannotBe, done_to

SURE = 0.6
"""The measured rate from which on something is offered."""
TRIED = 2
"""Times that it must have been foretold, whether or not it came; so it came three times."""


def offer(state: State, now: datetime) -> SuggestionMade | None:
    """Return what to offer; None where nothing is sure enough, or it is not the time."""
    standing = state.standing
    waits = standing.now is not None or state.answering(now) or not state.fresh(now)
    if not standing.on or waits or standing.after == state.cause:
        return None
    foretold = state.learner.foretell()
    if foretold is None or not sure(foretold):
        return None
    steps = _steps(state, plans.rest(tuple(state.done), foretold.form))
    if not steps or _unwanted(state, steps[0], now):
        return None
    return SuggestionMade(
        steps=steps,
        why=wording.why(foretold),
        right=foretold.right,
        tries=foretold.tries,
        until=now + GAP,
        habit=msgspec.json.encode(foretold.context).decode(),
    )


def sure(foretold: Foretold) -> bool:
    """Tell whether something is foretold surely enough to be offered."""
    return foretold.tries >= TRIED and foretold.rate >= SURE


def _unwanted(state: State, step: Step, now: datetime) -> bool:
    gist = gist_of(step.action, msgspec.json.decode(step.arguments, type=dict[str, Value]))
    return state.standing.quiet(gist, now)


def _steps(state: State, forms: tuple[Form, ...]) -> tuple[Step, ...]:
    """Return forms as steps that can be done, up to the first that cannot."""
    last = state.deeds[-1] if state.deeds else None
    task = state.titles.get(last.thing) if last else None
    found: list[Step] = []
    for form in forms:
        if form.action in state.denied:
            break
        given = dict(form.arguments)
        try:
            if form.action.startswith("tasks."):
                given, task = done_to(form, given, state.titles, task)
            step = _placed(form, given, state.conversation)
        except CannotBe:
            break
        name = task.title if task and "task" in given else ""
        found.append(msgspec.structs.replace(step, sentence=wording.step(form, name)))
        if form.action == "chat.send":
            # What comes of a command is not known before it is answered.
            break
    return tuple(found)


def _placed(form: Form, given: dict[str, Value], conversation: str) -> Step:
    """Return a form as a step in the conversation that it belongs to, with the page that shows what comes of it."""
    path = ""
    if form.action == "sandbox.run":
        if not conversation:
            raise CannotBe
        path = f"/box/{quote(conversation, safe='')}"
    if form.action == "chat.send":
        conversation = new_id()
        given = {**given, "conversation": conversation, "mode": "command"}
        path = f"/chat/{conversation}"
    arguments = msgspec.json.encode(given).decode()
    return Step(action=form.action, arguments=arguments, sentence="", path=path, conversation=conversation)
