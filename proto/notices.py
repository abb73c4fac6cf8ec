"""Notices: what a person is told wherever they are, as a sentence."""

from __future__ import annotations

from typing import NamedTuple

from proto.accounts import Notice
from proto.approvals import ApprovalAsked
from proto.chat import Answered
from proto.events import Event, Happening
from proto.jobs import JobEnded


class Told(NamedTuple):
    """One notice."""

    about: Notice
    sentence: str
    failed: bool = False


def told(event: Event, found: Happening | None) -> Told | None:
    """What is told of an event; None where it is not worth a notice."""
    match found:
        case Answered() if sentence := found.notice():
            return Told("commands", sentence, failed=found.outcome == "failed")
        case JobEnded(terminal=False):
            return Told("jobs", f"{event.sentence}.", failed=bool(found.exit_code))
        case ApprovalAsked(action=action):
            return Told("questions", f"{action} waits for your word.")
    return None
