"""What the ghost says: what it would do, and why it thinks so."""

from __future__ import annotations

from typing import NamedTuple

from proto.chat import excerpt
from proto.sorting import HOW
from proto.suggestions import SAME
from proto.tasks import ordinal
from services.ghost.contexts import Context
from services.ghost.deeds import Form, Value
from services.ghost.learner import Foretold

MEANT = {"both": "", "deed": "", "action": "", "word": " with '{}'", "page": " on the page {}"}


class Verb(NamedTuple):
    """How an action is said."""

    plain: str
    doing: str
    did: str
    what: str
    """What it is done to, whatever that is."""


VERBS = {
    "tasks.add": Verb("add", "adding", "added", "a task"),
    "tasks.complete": Verb("complete", "completing", "completed", "a task"),
    "tasks.reopen": Verb("reopen", "reopening", "reopened", "a task"),
    "tasks.delete": Verb("delete", "deleting", "deleted", "a task"),
    "tasks.move": Verb("move", "moving", "moved", "a task"),
    "tasks.rename": Verb("rename", "renaming", "renamed", "a task"),
    "tasks.sort": Verb("sort", "sorting", "sorted", "the list"),
    "sandbox.run": Verb("run", "running", "ran", "a command"),
    "chat.send": Verb("command", "commanding", "commanded", "something"),
    "chat.ask": Verb("ask", "asking", "asked", "something"),
    "memory.search": Verb("search", "searching", "searched", "memory"),
    "documents.upload": Verb("hand in", "handing in", "handed in", "a file"),
}


def step(form: Form, task: str = "") -> str:
    """Say what would be done; to which task, where that is known."""
    return f"{VERBS[form.action].plain} {_object(form, task)}"


def why(foretold: Foretold) -> str:
    """Say what a suggestion rests on."""
    did = f"{VERBS[foretold.form.action].did} {_object(foretold.form)}"
    return f"{where(foretold.context)} you {did} {foretold.seen} of {foretold.of} times"


def where(context: Context) -> str:
    """Say in what a habit shows."""
    if context.sort == "part":
        return "At this time of the day, first of all,"
    if context.sort == "opened":
        return f"Coming back to the page {context.word},"
    doings = " and then ".join(f"{VERBS[form.action].doing} {_object(form)}" for form in context.before)
    return f"After {doings}{MEANT[context.sort].format(context.word)}"


def _object(form: Form, task: str = "") -> str:
    given = dict(form.arguments)
    named = f"'{excerpt(task)}'" if task else _task(given.get("task", ""))
    match form.action, given:
        case "tasks.add", {"title": title}:
            return f"the task '{excerpt(str(title))}'"
        case "tasks.move", {"position": int(position)}:
            return f"{named} to {ordinal(position)}"
        case "tasks.sort", {"by": by}:
            return f"the list {HOW[str(by)]}"
        case "sandbox.run", {"command": command}:
            return f"`{excerpt(str(command))}`"
        case "chat.send", {"text": text}:
            return f'"{excerpt(str(text))}"'
    return named if given else VERBS[form.action].what


def _task(title: Value) -> str:
    return "it" if title == SAME else f"'{excerpt(str(title))}'"
