"""What the reflex says: results in plain words, memories with their events, and that no language model is attached."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from proto.chat import excerpt
from services.llm.models.model import Message

OUTPUT_LIMIT: Final = 4000
LISTED: Final = 20

_ASKING: Final = re.compile(r"(?:who|whom|whose|what|which|when|where|why|how)\b", re.IGNORECASE)
_HELP: Final = re.compile(r"(?:help(?: me)?|what can (?:you do|i (?:say|ask|do))(?: here)?)[\s?!.]*", re.IGNORECASE)
_MARKED: Final = re.compile(r"([\\\[\]*_`<>])")


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the log that has to do with what was asked."""

    event: str
    """Its id."""
    time: str
    """When it was, as the user reads it."""
    sentence: str


def refusal(quotes: Sequence[Quote], tries: Sequence[str], why: str, connect: str) -> str:
    """Say that nothing was done, what memory has, and how to attach a model."""
    text = f"{why} No language model is attached, so I can only do what I recognise as one of my actions."
    if quotes:
        listed = "\n".join(f"- {link(each.sentence, each.event)} ({each.time})" for each in quotes)
        text += f"\n\nThe nearest I remember:\n{listed}"
    if tries:
        text += "\n\nYou can say, for example: " + ", ".join(f"“{each}”" for each in tries) + "."
    return f"{text}\n\n{connect}"


def abilities(phrasings: Iterable[str], connect: str) -> str:
    """Say what can be asked for without a language model."""
    listed = "\n".join(f"- “{plain(each)}”" for each in phrasings)
    return f"I see what happens here, remember it, and do what is said like this:\n\n{listed}\n\n{connect}"


def is_question(said: str) -> bool:
    """Whether somebody wants to know something, rather than have something done."""
    return said.rstrip().endswith("?") or _ASKING.match(said) is not None


def asks_for_help(said: str) -> bool:
    """Whether somebody wants to know what can be asked for."""
    return _HELP.fullmatch(said.strip()) is not None


def link(sentence: str, event: str) -> str:
    """A sentence as a Markdown link to its event."""
    return f"[{plain(sentence)}](/timeline/{quote(event, safe='')})"


def plain(text: str) -> str:
    """Text with nothing in it that Markdown reads."""
    return _MARKED.sub(r"\\\1", " ".join(text.split()))


def results(messages: Iterable[Message]) -> str:
    """The results of one or more calls in plain words."""
    return "\n\n".join(filter(None, (result(message.content) for message in messages)))


def result(content: str) -> str:
    """One result: its sentence, what it printed, what it lists; or why it failed."""
    try:
        told = msgspec.json.decode(content)
    except msgspec.DecodeError:
        text = content.strip()
        return fenced(text) if text.startswith(("{", "[")) else text
    if not isinstance(told, dict):
        return fenced(json.dumps(told, ensure_ascii=False), "json")
    if failed := told.get("error"):
        return f"That did not work: {failed if isinstance(failed, str) else json.dumps(failed, ensure_ascii=False)}"
    said = [_sentence(told), *_printed(told), *(listing(each) for each in told.values() if isinstance(each, list))]
    if any(said):
        return "\n\n".join(filter(None, said))
    lists = [each for each in told.values() if isinstance(each, list)]
    return "Nothing was found." if lists and not any(lists) else fenced(json.dumps(told, ensure_ascii=False), "json")


def _sentence(told: dict[str, object]) -> str:
    sentence, event = told.get("sentence"), told.get("event")
    if not isinstance(sentence, str) or not sentence or any(map(_is_numbered, told.values())):
        return ""
    return link(sentence, event) if isinstance(event, str) and event else plain(sentence)


def _is_numbered(value: object) -> bool:
    """Whether it is a list that is shown in its order; the sentence beside it says the same on one line."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(entry, dict) and "position" in entry and "title" in entry for entry in value)


def _printed(told: dict[str, object]) -> Iterable[str]:
    stdout, stderr, code = str(told.get("stdout", "")), str(told.get("stderr", "")), told.get("exit_code")
    if stdout.strip():
        yield fenced(stdout)
    if stderr.strip():
        yield f"On stderr:\n{fenced(stderr)}"
    if isinstance(code, int) and code:
        yield f"It ended with exit code {code}."
    if code == 0 and not f"{stdout}{stderr}".strip():
        yield "It printed nothing, and ended well."
    if note := told.get("note"):
        yield plain(str(note))


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any inside it."""
    if len(text) > OUTPUT_LIMIT:
        text = f"{text[:OUTPUT_LIMIT]}\n… {len(text) - OUTPUT_LIMIT} characters more"
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def listing(entries: list[object]) -> str:
    """A list of things that have a title or a sentence, in order."""
    lines = [line for entry in entries[:LISTED] if isinstance(entry, dict) and (line := _entry(entry))]
    more = f"\n\n… and {len(entries) - LISTED} more" if len(entries) > LISTED else ""
    return "\n".join(lines) + more if lines else ""


def _entry(entry: dict[str, object]) -> str:
    title, sentence, event = entry.get("title"), entry.get("sentence"), entry.get("event")
    if isinstance(title, str):
        text = f"~~{plain(title)}~~" if entry.get("done") is True else plain(title)
        return f"{entry['position']}. {text}" if isinstance(entry.get("position"), int) else f"- {text}"
    if isinstance(sentence, str):
        return f"- {link(sentence, event) if isinstance(event, str) else plain(sentence)}"
    return _passage(entry)


def _passage(entry: dict[str, object]) -> str:
    """A passage of a document, cited so that it can be opened; empty for anything else."""
    name, text, address = entry.get("name"), entry.get("text"), entry.get("link")
    if not (isinstance(name, str) and isinstance(text, str)):
        return ""
    cited = plain(", ".join(filter(None, (name, str(entry.get("place", ""))))))
    where = f"[{cited}]({address})" if isinstance(address, str) and address.startswith("/memory/") else cited
    return f"- {where}: {plain(excerpt(text))}"
