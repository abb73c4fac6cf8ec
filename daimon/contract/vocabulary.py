"""docs/events.md: the closed vocabulary, each kind with an example of what it says."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from daimon.contract.listing import EVENTS
from proto.events import Happening
from proto.lasting import LASTING

Kind = type[Happening]
S = TypeVar("S", bound=msgspec.Struct)

_HEAD = """# What happens

Generated from `proto/` by `daimon contract`; do not edit. Everything that anybody does in Daimon, a person, the model
or a program, and that changes or asks for something, is one event of one of these kinds. Each has an actor, a cause and
a sentence; its data is shown here by an example. Passwords, keys and keystrokes are in none of them.

*Optional*: not recorded while recording is paused (`daimon recording pause`). *Undone by*: the call that undo asks for.
"""

_WORDS = {
    "action": "tasks.add",
    "answer": "Linux runs here.",
    "arguments": '{"title":"buy milk"}',
    "before": "buy milk",
    "by": "link",
    "command": "uname -a",
    "document": "8a2f…",
    "error": "The model did not answer.",
    "excerpt": "Linux",
    "media_type": "text/plain",
    "model": "llama3.2",
    "name": "notes.txt",
    "path": "/chat",
    "query": "milk",
    "result": "Added task 'buy milk'",
    "role": "user",
    "sha256": "9f86d0…",
    "sql": "select count(*) from tasks",
    "task": "0190a1…",
    "text": "Where do I buy milk?",
    "title": "buy bread",
    "turn": "0190a2…",
    "user": "ada",
    "what": "Added task 'buy milk'",
}
_OPTIONAL = frozenset({"page.visited", "memory.searched", "memory.queried"})


def vocabulary() -> str:
    """Return the whole page."""
    return "\n".join((_HEAD, *itertools.chain.from_iterable(map(_noun, _by_noun())), *_lasting()))


def _by_noun() -> list[tuple[str, list[Kind]]]:
    kinds = sorted(EVENTS, key=lambda kind: kind.kind)
    return [(noun, list(some)) for noun, some in itertools.groupby(kinds, lambda kind: kind.kind.partition(".")[0])]


def _noun(found: tuple[str, list[Kind]]) -> Iterable[str]:
    noun, kinds = found
    yield f"## {noun}\n"
    yield "| kind | when | its sentence | its data |"
    yield "|---|---|---|---|"
    for kind in kinds:
        example = example_of(kind)
        when = " ".join((kind.__doc__ or "").split()) + _remarks(example)
        data = msgspec.json.encode(example).decode()
        yield f"| `{kind.kind}` | {when} | {_cell(example.sentence())} | `{_cell(data)}` |"
    yield ""


def _lasting() -> Iterable[str]:
    yield "## What cannot be undone, and why\n"
    yield "| kinds | why |"
    yield "|---|---|"
    for name, reason in LASTING.items():
        yield f"| `{name}` | {_cell(reason)} |"
    yield ""


def _remarks(example: Happening) -> str:
    inverse = example_of(type(example), whole=True).inverse()
    undone = f" *Undone by* `{inverse.call.name}`." if inverse else ""
    return (" *Optional.*" if example.kind in _OPTIONAL else "") + undone


def example_of(kind: type[S], *, whole: bool = False) -> S:
    """Return a Struct, such as a happening, with likely values; `whole` also where a field may be left out."""
    hints = get_type_hints(kind)
    shown = [field for field in msgspec.structs.fields(kind) if field.required or whole]
    return kind(**{field.name: _value(field.name, hints[field.name]) for field in shown})


def _value(name: str, hint: Any) -> object:
    """Return a likely value of a field."""
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return example_of(hint)
    found: object = _WORDS.get(name, name)
    plain: dict[Any, object] = {int: 2, float: 0.5, bool: True, str: found}
    if hint in plain:
        return plain[hint]
    options = [_value(name, option) for option in get_args(hint)]
    return () if get_origin(hint) is tuple else next(iter(options), found)


def _cell(text: str) -> str:
    """Write a text so that it stays in one cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
