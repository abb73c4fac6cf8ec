"""The grammar of the contract: subject tokens, ids, callers, and the typed descriptors of subjects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import msgspec
from uuid6 import uuid7

Request = TypeVar("Request", bound=msgspec.Struct)
Reply = TypeVar("Reply", bound=msgspec.Struct)
Item = TypeVar("Item")

Risk = Literal["read", "change", "outside"]

EVERYBODY = "daimon.do.*.*"
"""How the subject of an action that is served for every user and actor begins."""
PERSONAL = "daimon.own."
"""How the subject of a call begins that is a person's alone to ask."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]")
_WHOLLY_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = re.compile(r"=([0-9a-f]{2})")


def new_id() -> str:
    """Return a UUIDv7: unique, and sorted by the time of its making."""
    return str(uuid7())


def token(name: str) -> str:
    """Encode a user-made name as one subject token, so that a name can never reach another subject."""
    if _WHOLLY_PLAIN.fullmatch(name):
        return name
    if not name:
        return "="
    return "".join(c if _PLAIN.match(c) else "".join(f"={b:02x}" for b in c.encode()) for c in name)


def untoken(text: str) -> str:
    """Decode what `token` made."""
    if "=" not in text:
        return text
    if text == "=":
        return ""
    raw = _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
    return raw.encode("latin-1").decode()


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf a request is made, and what led to it."""

    user: str
    """The account it is done for: a token of the subject, so the broker decides who may use it."""
    actor: str = "user"
    """`user`, `model`, `ghost`, `system` or `plugin-NAME`: a token of the subject too."""
    conversation: str = ""
    """The conversation it belongs to, empty when there is none."""
    cause: str = ""
    """The id of the event that led to this request."""
    key: str = ""
    """Idempotency key: the same key asks for the same thing once."""


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """A request without parameters, or a reply that says only that it is done."""


@dataclass(frozen=True)
class Call(Generic[Request, Reply]):
    """A request with one reply, served by a queue group.

    `{user}` and `{actor}` in the subject stand for the caller's tokens. What begins with `daimon.own` has no actor:
    it is a person's alone to ask, and neither the model nor another program has the right to say it.
    """

    subject: str
    request: type[Request]
    reply: type[Reply]

    @property
    def noun(self) -> str:
        """What it is about, such as `tasks`."""
        return self.subject.split(".")[-2]

    @property
    def name(self) -> str:
        """Its short name, such as `tasks.add`."""
        return ".".join(self.subject.split(".")[-2:])

    @property
    def pattern(self) -> str:
        """The subject a server subscribes to."""
        return self.subject.format(user="*", actor="*")

    def at(self, caller: Caller) -> str:
        """The subject a caller sends to."""
        return self.subject.format(user=token(caller.user), actor=token(caller.actor))


@dataclass(frozen=True)
class Action(Call[Request, Reply]):
    """A call that stands in the menu: its request Struct is also its description to a model."""

    risk: Risk = "change"
    phrasings: tuple[str, ...] = ()
    """How people ask for it; `{field}` marks where an argument stands."""
    inverse: str = ""
    """The action that undoes it, empty when nothing does."""
    foreign: bool = False
    """Whether its results hold text that others wrote, which may try to make the model act."""
    contained: bool = False
    """Whether it changes nothing outside the conversation's own box."""


@dataclass(frozen=True)
class Feed(Generic[Item]):
    """An append-only log of typed items: kept in a stream, read from any offset, then followed live."""

    subject: str
    stream: str
    items: tuple[type[Item], ...]

    def at(self, *names: str) -> str:
        """The subject of one log; the names fill its places in order."""
        return re.sub(r"\{\w+\}", "{}", self.subject).format(*map(token, names))

    def under(self, *names: str) -> str:
        """The subject filter of all logs whose first places have these names."""
        rest = ["*"] * (self.subject.count("{") - len(names))
        return re.sub(r"\{\w+\}", "{}", self.subject).format(*map(token, names), *rest)

    def names(self, subject: str) -> tuple[str, ...]:
        """Read the names back from the subject of one log."""
        words = zip(self.subject.split("."), subject.split("."), strict=True)
        return tuple(untoken(found) for word, found in words if word.startswith("{"))


def caller_of(template: str, subject: str) -> Caller:
    """Read the caller's tokens back from a concrete subject; a template without tokens has a system caller."""
    found = dict(zip(template.split("."), subject.split("."), strict=True))
    if "{user}" not in found:
        return Caller(user="", actor="system")
    return Caller(user=untoken(found["{user}"]), actor=untoken(found.get("{actor}", "user")))
