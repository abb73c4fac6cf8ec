"""The failures that travel on the bus, each with a code; the class docstring is the default message.

Failure
├── Invalid        400
├── Refused        403
├── Missing        404
├── Ambiguous      409
├── Busy           423
├── Conflict       412
├── TooLarge       413
├── Unavailable    503
└── TimedOut       504
"""

from __future__ import annotations

from typing import ClassVar


class Failure(Exception):
    """Something went wrong inside Daimon; the service's log has the details."""

    code: ClassVar[int] = 500

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])

    @property
    def message(self) -> str:
        """The sentence a person or a model is shown."""
        return str(self.args[0])


class Invalid(Failure):
    """The request is not of the form this action takes."""

    code = 400


class Refused(Failure):
    """This is not allowed here."""

    code = 403


class Missing(Failure):
    """There is no such thing."""

    code = 404


class Ambiguous(Failure):
    """Several things match; name one of them more exactly."""

    code = 409


class Conflict(Failure):
    """Somebody else changed it in the meantime; look at it again."""

    code = 412


class TooLarge(Failure):
    """That is too large."""

    code = 413


class Busy(Failure):
    """The assistant is still writing in this conversation; wait for it or stop it."""

    code = 423


class Unavailable(Failure):
    """A part of Daimon is not running; `daimon status` shows which."""

    code = 503


class TimedOut(Failure):
    """No answer came in time."""

    code = 504


_BY_CODE: dict[int, type[Failure]] = {
    kind.code: kind
    for kind in (Failure, Invalid, Refused, Missing, Ambiguous, Conflict, TooLarge, Busy, Unavailable, TimedOut)
}


def failure(code: int, message: str) -> Failure:
    """Rebuild the failure that another service answered with."""
    return _BY_CODE.get(code, Failure)(message)
