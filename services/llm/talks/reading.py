"""Reading a file of conversations, whichever program wrote it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from proto import errors, imports
from services.llm.talks import chatgpt, librechat, ours, webui
from services.llm.talks.turns import Talk

INSIDE = ("conversations.json", "events.jsonl")
"""What is read of an archive: ChatGPT's and Daimon's own."""
_ZIP = b"PK\x03\x04"

Reader = Callable[[Mapping[str, Any]], Talk | None]


class Unreadable(errors.Invalid):
    """This is no file of conversations. Daimon's own exports, and those of ChatGPT, Open WebUI and LibreChat are."""


def read(content: bytes) -> tuple[str, list[Talk]]:
    """The program that wrote a file, and its conversations; Unreadable says what is wrong."""
    if content.startswith(_ZIP):
        name, content = _inside(content)
        if name == INSIDE[1]:
            return ours.SOURCE, _some(ours.of_log(content))
    try:
        found = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"This is not JSON that can be read: {error}.") from error
    listed: Sequence[Any] = found if isinstance(found, list) else [found]
    try:
        return _read(listed)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(
            f"A conversation in it is not as its program writes them ({error!r}); nothing was imported."
        ) from error


def _read(listed: Sequence[Any]) -> tuple[str, list[Talk]]:
    if len(listed) > imports.CONVERSATIONS:
        raise Unreadable(
            f"It has {len(listed)} conversations; {imports.CONVERSATIONS} can be imported at once. Split it."
        )
    first = next((each for each in listed if isinstance(each, Mapping) and each), {})
    source, reader = _reader(first)
    talks = [talk for talk in map(reader, listed) if talk and talk.turns]
    return source, _some(talks)


def _reader(first: Mapping[str, Any]) -> tuple[str, Reader]:
    if "mapping" in first:
        return chatgpt.SOURCE, chatgpt.talk
    if isinstance(first.get("chat"), Mapping) or "history" in first:
        return webui.SOURCE, webui.talk
    if "conversationId" in first:
        return librechat.SOURCE, librechat.talk
    if "exchanges" in first:
        return ours.SOURCE, ours.talk
    raise Unreadable


def _some(talks: list[Talk]) -> list[Talk]:
    if not talks:
        raise Unreadable("There is no conversation in this file in which something was said.")
    return talks


def _inside(content: bytes) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {name.rpartition("/")[2]: name for name in archive.namelist()}
            wanted = next((name for name in INSIDE if name in names), None)
            if wanted is None:
                raise Unreadable(
                    "The archive has no conversations.json and no events.jsonl, so it is no export that can be read."
                )
            with archive.open(names[wanted]) as file:
                found = file.read(imports.FILE_LIMIT + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Unreadable(f"The archive cannot be read: {error}.") from error
    if len(found) > imports.FILE_LIMIT:
        raise Unreadable(
            f"The conversations in it are more than {imports.FILE_LIMIT // 1_000_000} MB; import them in parts."
        )
    return wanted, found
