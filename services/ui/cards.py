"""Tool cards: what an action was given and what came of it, laid out by what the result holds."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from proto.chat import ToolUse, excerpt
from proto.sandbox import CommandResult
from services.ui.display import clipped, duration

_BRIEF = 60
S = TypeVar("S")


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One tool card."""

    action: str
    state: str
    """`asking`, `running`, `done` or `failed`."""
    brief: str
    """What it was called with, in a few words."""
    took: str = ""
    arguments: str = ""
    """Indented JSON."""
    sentence: str = ""
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    job: str = ""
    """The job as which a command goes on."""
    result: str = ""
    """Indented JSON, where the result has no shape that is shown better."""


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A result that says in a sentence what was done."""

    sentence: str


class Cards:
    """Makes cards; long results are clipped to a limit of characters."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def card(self, tool: ToolUse) -> Card:
        """Lay out one use of an action."""
        card = Card(
            action=tool.action,
            state=_state(tool),
            brief=_brief(tool.arguments),
            took="" if tool.ok is None else duration(tool.seconds),
            # What a person agrees to is shown whole.
            arguments=_indented(tool.arguments) if tool.question else clipped(_indented(tool.arguments), self._limit),
        )
        return card if tool.ok is None else self._with_result(card, tool.result)

    def _with_result(self, card: Card, result: str) -> Card:
        command = _read(result, CommandResult)
        if command is not None:
            return msgspec.structs.replace(
                card,
                stdout=clipped(command.stdout, self._limit),
                stderr=clipped(command.stderr, self._limit),
                exit_code=command.exit_code,
                sentence=command.note,
                job=command.job,
                state="done" if command.exit_code == 0 or command.job else "failed",
            )
        told = _read(result, _Told)
        if told is not None and told.sentence:
            return msgspec.structs.replace(card, sentence=told.sentence)
        return msgspec.structs.replace(card, result=clipped(_indented(result), self._limit))


def _state(tool: ToolUse) -> str:
    if tool.ok is None:
        return "asking" if tool.question else "running"
    return "done" if tool.ok else "failed"


def _read(text: str, kind: type[S]) -> S | None:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def _indented(text: str) -> str:
    """JSON spread over lines; any other text as it is."""
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text


def _brief(arguments: str) -> str:
    found = _read(arguments, dict[str, object])
    if not found:
        return "" if found == {} else excerpt(arguments)
    text = " · ".join(value if isinstance(value, str) else str(value) for value in found.values())
    line = " ".join(text[: 2 * _BRIEF].split())
    return line if len(line) <= _BRIEF else line[: _BRIEF - 1] + "…"
