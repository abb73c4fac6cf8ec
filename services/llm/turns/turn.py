"""What the model is sent: one pure function from what is known to the list of messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from proto.accounts import Profile
from proto.chat import Exchange, ToolUse
from proto.given import Given
from proto.tasks import Task
from services.llm.choices.instructions import NOW, SYSTEM
from services.llm.models.model import Message, ToolCall
from services.llm.turns.context import Recent, Surroundings
from services.llm.turns.given import messages as given_messages

RESULT_LIMIT = 8000
"""Characters of one result that the model sees; the middle of a longer one is left out, and it says so."""

TASKS = 100
"""Tasks of the list that the model is told of."""
CONTEXT = "(Daimon tells you this for the message that follows; the user did not write it.)"
GO_ON = "Your answer ended there before it was complete. Go on from exactly there; repeat nothing and add no comment."


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn knows when the model is called."""

    now: datetime
    asked: Exchange
    earlier: tuple[Exchange, ...] = ()
    around: Surroundings = Surroundings()
    summary: str = ""
    """What stands for the exchanges before the earlier ones."""
    folded: int = 0
    """How many exchanges it stands for."""
    memories: tuple[str, ...] = ()
    """What memory has of what is asked, with the ids of events."""
    begun: bool = False
    """Whether the model goes on by itself with what the answer begins with, so that it need not be told to."""
    given: Given | None = None
    """The conversation as the client has it, where the client keeps it."""
    rules: str = SYSTEM
    """What the model is instructed to do."""
    profile: Profile = Profile()
    """How the user wants to be met."""


def messages(known: Known, limit: int = RESULT_LIMIT) -> tuple[Message, ...]:
    """Build the whole list of messages; of each result, so many characters."""
    if known.given is not None and known.given.messages:
        done = tuple(_spoken(known.asked, limit))[1:]
        return given_messages(known.given, (_rules(known), _context(known)), done)
    earlier = () if known.asked.mode == "command" else known.earlier
    now = tuple(_spoken(known.asked, limit))
    return (
        _rules(known),
        *(message for exchange in earlier for message in _spoken(exchange, limit)),
        _context(known),
        *(now[:-2] if known.begun and open_end(known.asked) else now),
    )


def open_end(exchange: Exchange) -> str:
    """What was written after the last call."""
    return exchange.answer[exchange.tools[-1].at if exchange.tools else 0 :]


def shortened(text: str, limit: int = RESULT_LIMIT) -> str:
    """Leave out the middle of a long text, and say how much."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _rules(known: Known) -> Message:
    """What stays the same from message to message, so that the model's server need not read it anew."""
    rules = known.rules.replace(NOW, _now(known)) if NOW in known.rules else known.rules
    text = rules + _section("The user", _wishes(known.profile))
    title = f"The first {known.folded} exchanges of this conversation, summarised"
    folded = _section(title, [known.summary]) if known.summary and known.asked.mode == "chat" else ""
    return Message(role="system", content=text + folded)


def _context(known: Known) -> Message:
    """What changes all the time; it stands before the question, where all that follows is new to the server anyway."""
    return Message(role="user", content=f"{CONTEXT}\nIt is {_now(known)}.{''.join(_around(known))}")


def _now(known: Known) -> str:
    """The time where the user is."""
    try:
        here = known.now.astimezone(ZoneInfo(known.profile.zone or "UTC"))
    except (OSError, ValueError, ZoneInfoNotFoundError):
        here = known.now.astimezone(UTC)
    return f"{here:%A, %d %B %Y, %H:%M} {here.tzinfo}"


def _around(known: Known) -> Iterable[str]:
    if known.asked.mode == "command":
        return ()
    tasks, last = known.around.tasks, known.earlier[-1].event if known.earlier else ""
    more = f"… and {len(tasks) - TASKS} more; tasks.list has them all" if len(tasks) > TASKS else ""
    before, since = split(known.around.recent, last)
    return (
        _section("The user's task list", [*map(_task, tasks[:TASKS]), *filter(None, [more])]),
        _section("Lately", before),
        _section("Since your last answer", since),
        _section("From memory, where it is of use; name the event when you rely on it", known.memories),
    )


def _wishes(profile: Profile) -> Iterable[str]:
    if profile.shown:
        yield f"is called {profile.shown}"
    if profile.language:
        yield f"wants answers in {profile.language}"


def split(recent: Sequence[Recent], last: str) -> tuple[list[str], list[str]]:
    """Part what happened before an event from what happened after it; ids are in the order of time."""
    before = [each.sentence for each in recent if not last or each.event <= last]
    return before, [each.sentence for each in recent if last and each.event > last]


def _section(title: str, lines: Iterable[str]) -> str:
    listed = "\n".join(lines)
    return f"\n\n{title}:\n{listed}" if listed else ""


def _task(task: Task) -> str:
    return f"{task.position}. [{'x' if task.done else ' '}] {task.title}"


def _spoken(exchange: Exchange, limit: int) -> Iterable[Message]:
    """One exchange as the model saw it: question, calls with their results, answer."""
    yield Message(role="user", content=exchange.asked)
    start = 0
    for calls in _steps(exchange.tools):
        yield Message(
            role="assistant", content=exchange.answer[start : calls[0].at], calls=tuple(_call(tool) for tool in calls)
        )
        for tool in calls:
            yield Message(role="tool", content=shortened(tool.result, limit), name=tool.action, call=tool.call)
        start = calls[0].at
    rest = exchange.answer[start:]
    if exchange.outcome is None and rest:
        yield Message(role="assistant", content=rest)
        yield Message(role="user", content=GO_ON)
    elif exchange.outcome is not None and (rest or exchange.error):
        yield Message(role="assistant", content=rest or f"(failed: {exchange.error})")


def _steps(tools: Sequence[ToolUse]) -> Iterable[list[ToolUse]]:
    """Group the calls that the model made in one go: those that stand at the same place of the answer."""
    group: list[ToolUse] = []
    for tool in tools:
        if group and (tool.at != group[0].at or _reply(tool) != _reply(group[0])):
            yield group
            group = []
        group.append(tool)
    if group:
        yield group


def _reply(tool: ToolUse) -> str:
    """The number of the model's reply within the turn, which is the middle of a call id."""
    return tool.call.split("/")[-2] if tool.call.count("/") >= 2 else ""


def _call(tool: ToolUse) -> ToolCall:
    return ToolCall(id=tool.call, action=tool.action, arguments=msgspec.json.decode(tool.arguments or b"{}"))
