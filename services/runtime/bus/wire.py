"""How a request looks on the wire: headers for who asks and how long they wait, codecs, failures."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar, cast

import msgspec
from nats.micro.request import ERROR_CODE_HEADER, ERROR_HEADER

from proto import errors
from proto.base import Caller, caller_of, token, untoken
from services.runtime.log import trace

CONVERSATION = "Daimon-Conversation"
CAUSE = "Daimon-Cause"
KEY = "Daimon-Key"
TIMEOUT = "Daimon-Timeout-Ms"
"""Deadlines travel as time left, because clocks on two machines differ."""
TRACE = "traceparent"
BEGUN_BY = "Daimon-Begun-By"
"""The worker that began with an event while it was being recorded; a hint to others, not part of the event."""
ACKNOWLEDGES = "Daimon-Acknowledges"
"""Where a delivery is acknowledged that one worker passes on to another."""
HEADER_LIMIT = 2000
NAME_LIMIT = 200
SUBJECT_LIMIT = 1500
"""Characters; a longer subject makes the server end the connection, and nats-py never comes back from that."""
_NAMES = {"conversation": CONVERSATION, "cause": CAUSE, "key": KEY}

S = TypeVar("S")
Headers = dict[str, str]


@functools.cache
def decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    """The decoder of a wire type, built once."""
    return msgspec.json.Decoder(kind)


def decode(payload: bytes, kind: type[S]) -> S:
    """Read a request or reply; Invalid says which field is wrong."""
    try:
        found: S = decoder(cast(Hashable, kind)).decode(payload or b"{}")
    except msgspec.ValidationError as error:
        raise errors.Invalid(f"{error}") from error
    except msgspec.DecodeError as error:
        raise errors.Invalid(f"That is not valid JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise errors.Invalid("That is not valid UTF-8 text.") from error
    return found


def headers(caller: Caller, timeout: float) -> Headers:
    """The headers of a request."""
    found = {TIMEOUT: str(int(timeout * 1000)), TRACE: trace.get() or new_trace()}
    if caller.conversation:
        found[CONVERSATION] = token(caller.conversation)
    if caller.cause:
        found[CAUSE] = token(caller.cause)
    if caller.key:
        found[KEY] = token(caller.key)
    return found


def caller(template: str, subject: str, found: Mapping[str, str] | None) -> Caller:
    """Who asks: user and actor from the subject, which the broker has checked; the rest from headers."""
    given = found or {}
    try:
        named = {field: untoken(given.get(header, "=")) for field, header in _NAMES.items()}
    except UnicodeError as error:
        raise errors.Invalid("A header of this request is not an encoded name.") from error
    if any(len(name) > NAME_LIMIT for name in named.values()):
        raise errors.Invalid(f"A name in the headers of this request is longer than {NAME_LIMIT} characters.")
    return msgspec.structs.replace(caller_of(template, subject), **named)


def timeout(found: Mapping[str, str] | None, default: float) -> float:
    """Seconds the caller still waits."""
    text = (found or {}).get(TIMEOUT, "")
    return int(text) / 1000 if text.isdecimal() and len(text) < 10 else default


def failure(found: Mapping[str, str] | None) -> errors.Failure | None:
    """The failure a reply carries, if it does."""
    if not found or ERROR_HEADER not in found:
        return None
    code = found.get(ERROR_CODE_HEADER, "500")
    return errors.failure(int(code) if code.isdigit() else 500, found[ERROR_HEADER])


def checked(subject: str) -> str:
    """Return a subject that the server takes; Invalid when a name in it is too long."""
    if len(subject) > SUBJECT_LIMIT:
        raise errors.Invalid("A name in this request is too long.")
    return subject


def one_line(value: str) -> str:
    """A header's value without line ends, which would begin another header."""
    return value if value.isprintable() else " ".join(value.splitlines())


def header_text(message: str) -> str:
    """A message as one header line."""
    return " ".join(message.split())[:HEADER_LIMIT] or "Failed"


def new_trace() -> str:
    """A W3C traceparent for a request that begins here."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def encode(value: Any) -> bytes:
    """JSON, as every message on the bus."""
    return msgspec.json.encode(value)
