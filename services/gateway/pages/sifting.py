"""Which events of the log a page asks for, as its address says it."""

from __future__ import annotations

from proto import memory
from proto.kinds import KINDS
from proto.timeline import Sift
from services.gateway.visit import Visit

PAGE = 100


def sift_of(visit: Visit, as_of: str = "") -> Sift:
    """Read the filter of a timeline."""
    return Sift(
        noun=visit.query("noun")[:40],
        actor=visit.query("actor")[:100],
        words=visit.query("q").strip()[:500],
        as_of=as_of,
    )


def asked(sift: Sift, before: str = "") -> memory.Recent:
    """A page of what a filter lets through."""
    return memory.Recent(
        before=before[:36],
        kinds=kinds_of(sift.noun),
        actor=sift.actor,
        words=sift.words,
        as_of=sift.as_of,
        limit=PAGE,
    )


def kinds_of(noun: str) -> tuple[str, ...]:
    """The kinds of events of a noun; none, which means all, for a noun that is not known."""
    return tuple(sorted(kind for kind in KINDS if kind.startswith(f"{noun}.")))
