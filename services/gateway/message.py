"""What a person typed, made fit to be sent: the checks that need a sentence, and the words that switch the mode."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import parse_qsl

import msgspec

from proto.chat import MESSAGE_LIMIT, Mode
from proto.errors import Invalid, TooLarge

FIELD_LIMIT = 20
CONVERSATION_LIMIT = 100
"""Characters of a conversation's id, as the contract has it."""
_SWITCH = re.compile(r"/(chat|command)(?:\s+|$)")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message and its mode."""

    text: str
    """Empty when only the mode was switched."""
    mode: Mode
    switched: bool = False
    """Whether the text itself chose the mode."""


def read_form(body: bytes) -> dict[str, str]:
    """Read a form as browsers send it; the last of several fields of one name counts."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=FIELD_LIMIT
        )
    except UnicodeDecodeError as error:
        raise Invalid("That is not text in UTF-8, so it was not sent.") from error
    except ValueError as error:
        raise Invalid("The form has more fields than this page has.") from error
    return {name: text_of(value) for name, value in pairs}


def text_of(value: str) -> str:
    """Check a typed text, with line ends as they are everywhere else."""
    if "\0" in value:
        raise Invalid("The text holds a NUL character, as binary files do. Send text only.")
    return value.replace("\r\n", "\n").replace("\r", "\n")


def conversation_of(name: str) -> str:
    """Check the id of a conversation that came in an address."""
    if len(name) > CONVERSATION_LIMIT:
        raise Invalid(
            f"The address names a conversation with {len(name):,} characters; {CONVERSATION_LIMIT} is the limit. "
            "Choose one from the list, or begin a new one."
        )
    return name


def said(text: str, mode: str) -> Said:
    """Read a message; `/chat` or `/command` at its start chooses the mode."""
    chosen = _SWITCH.match(text.lstrip())
    if chosen:
        return Said(
            text=_checked(text.lstrip()[chosen.end() :], empty=True), mode=cast("Mode", chosen[1]), switched=True
        )
    return Said(text=_checked(text), mode="command" if mode == "command" else "chat")


def _checked(text: str, *, empty: bool = False) -> str:
    found = text.strip()
    if not found and not empty:
        raise Invalid("There is nothing in the message yet. Write something first.")
    if len(found) > MESSAGE_LIMIT:
        raise TooLarge(
            f"The message has {len(found):,} characters; {MESSAGE_LIMIT:,} is the limit. "
            "Put a longer text into a file, or send it in parts."
        )
    return found
