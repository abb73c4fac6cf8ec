"""Calls that a model wrote as text, in the middle of prose: found as the text streams, and kept out of the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from proto.base import new_id
from services.llm.models.model import BadCall, Message, Tool, ToolCall
from services.llm.models.ollama_wire import tool_names

SHOWN: Final = 2000
OPENINGS: Final = ("<tool_call>", "```json", "```tool_call", "```")
NAMES: Final = ("action", "name", "tool", "function")
"""How models name the action of a call …"""
ARGUMENTS: Final = ("parameters", "arguments", "args", "input")
"""… and what they pass to it."""
_BEGINS: Final = re.compile(r"[<`{]")
_NAMED: Final = re.compile(rf'"(?:{"|".join(NAMES)})"\s*:\s*"([^"]*)"')


class Sieve:
    """Reads the text of one reply."""

    def __init__(self, tools: tuple[Tool, ...], messages: Sequence[Message]) -> None:
        self._actions = {spelled: action for action, spelled in tool_names(tools).items()}
        self._actions |= {tool.name: tool.name for tool in tools}
        self._messages = messages
        self._waiting = ""
        self._closing = ""
        """What closes the fence or the tag around the last call."""
        self.calls: list[ToolCall] = []

    def feed(self, text: str) -> str:
        """Take the next piece; return what can be shown."""
        if not self._waiting and not self._closing and not _BEGINS.search(text):
            return text
        self._waiting += text
        shown: list[str] = []
        while self._waiting and not self._closes():
            place, begun = _beginning(self._waiting)
            shown.append(self._waiting[:place])
            self._waiting = self._waiting[place:]
            # An object is complete only once its end has come.
            if not begun or "}" not in text or not (read := self._read()):
                break
            shown.append(read[0])
            self._waiting = read[1]
        return "".join(shown)

    def end(self) -> tuple[str, BadCall | None]:
        """What still waits: text after all, or a call that was cut in half."""
        rest, self._waiting = self._waiting, ""
        named = _NAMED.search(rest)
        if named and named[1] in self._actions and _beginning(rest)[1]:
            return "", BadCall(
                text=rest[:SHOWN], reason=f"The call of {named[1]} is not complete JSON; it may be cut off."
            )
        return rest, None

    def _closes(self) -> bool:
        """Drop what closes a call's fence or tag; True while it may still come."""
        if not self._closing:
            return False
        rest = self._waiting.lstrip()
        if self._closing.startswith(rest):
            self._closing = self._closing if rest != self._closing else ""
            self._waiting = "" if not self._closing else self._waiting
            return True
        self._waiting = rest.removeprefix(self._closing) if rest.startswith(self._closing) else self._waiting
        self._closing = ""
        return False

    def _read(self) -> tuple[str, str] | None:
        """Read the object that begins what waits: what of it is text, and the rest; None while it is not complete."""
        start = self._waiting.index("{")
        try:
            found, end = json.JSONDecoder().raw_decode(self._waiting, start)
        except ValueError:
            return None
        call = self._call(found, self._waiting[start:end])
        if call is None:
            return self._waiting[:end], self._waiting[end:]
        self.calls.append(call)
        self._closing = {"<": "</tool_call>", "`": "```"}.get(self._waiting[0], "")
        return "", self._waiting[end:]

    def _call(self, found: object, text: str) -> ToolCall | None:
        """The object as a call; None for one of no action, or one that stands in what the model was shown."""
        said = _called(found) if isinstance(found, dict) else None
        if said is None or said[0] not in self._actions or self._is_quoted(text):
            return None
        return ToolCall(id=new_id(), action=self._actions[said[0]], arguments=said[1])

    def _is_quoted(self, text: str) -> bool:
        # A document that holds a call must not make it happen by being quoted.
        bare = _bare(text)
        return any(bare in _bare(message.content) for message in self._messages if message.role != "assistant")


def _called(found: Mapping[str, object]) -> tuple[str, dict[str, object]] | None:
    """The action and the arguments that an object names."""
    if isinstance(inner := found.get("function"), dict):
        return _called(inner)
    action = next((found[name] for name in NAMES if isinstance(found.get(name), str)), None)
    given = next((found[name] for name in ARGUMENTS if name in found), None)
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except msgspec.DecodeError:
            return None
    return (action, given) if isinstance(action, str) and isinstance(given, dict) else None


def _beginning(text: str) -> tuple[int, bool]:
    """Where a call begins, or may begin with what is still to come; the end of the text where none does."""
    for found in _BEGINS.finditer(text):
        begun = _is_call(text[found.start() :])
        if begun is not False:
            return found.start(), begun is True
    return len(text), False


def _is_call(text: str) -> bool | None:
    """Whether a text begins as a call does; None while it is too short to tell."""
    if any(opening.startswith(text) for opening in OPENINGS):
        return None
    for opening in OPENINGS:
        if text.startswith(opening):
            text = text[len(opening) :].lstrip()
            break
    if not text:
        return None
    return _is_object(text) if text.startswith("{") else False


def _is_object(text: str) -> bool | None:
    inner = text[1:].lstrip()
    if not inner:
        return None
    keys = tuple(f'"{name}"' for name in NAMES)
    key = next((each for each in keys if inner.startswith(each)), "")
    if not key:
        return None if any(each.startswith(inner) for each in keys) else False
    rest = inner[len(key) :].lstrip()
    return rest.startswith(":") if rest else None


def _bare(text: str) -> str:
    return "".join(text.split())


def taken(sieve: Sieve, calls: Iterable[ToolCall]) -> list[ToolCall]:
    """The calls of a reply: those that were made properly, else those that were written as text."""
    return [*calls] or sieve.calls
