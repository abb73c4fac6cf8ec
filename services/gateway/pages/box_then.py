"""A box as it was, from the log: what was run, handed in and written by then, and what it might reach."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from msgspec.structs import replace

from proto import boxes, documents, events, jobs, sandbox
from proto.base import Caller
from proto.boxes import BoxFile, Network
from proto.events import Event, Happening, Recorded
from proto.jobs import Job
from proto.kinds import happening
from proto.moments import Moment
from proto.printing import Boxed
from services.runtime.bus.journal import Journal

NOUNS = ("sandbox", "job", "file", "document")
LATEST = 20
"""Events that are shown, the last that had happened."""


class Past:
    """A box up to a moment."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._files: dict[str, BoxFile] = {}
        self._network: Network | None = None

    def apply(self, event: Event, found: Happening | None) -> None:
        """Let an event happen."""
        match found:
            case jobs.JobStarted(job=job, command=command):
                kind: jobs.Kind = "terminal" if found.terminal else "command"
                self._jobs[job] = Job(
                    id=job, command=command, state="running", kind=kind, started=event.time, seconds=0.0
                )
            case jobs.JobEnded(job=job) if job in self._jobs:
                self._jobs[job] = replace(
                    self._jobs[job], state=found.state, exit_code=found.exit_code, seconds=found.seconds
                )
            case boxes.NetworkSet():
                self._network = Network(mode=found.mode, hosts=found.hosts)
            case documents.DocumentUploaded(name=name, size=size):
                self._put(event, f"/data/{name}", size)
            case sandbox.FileReturned(name=name, size=size):
                self._put(event, f"/return/{name}", size)
            case boxes.FileWritten(path=path, size=size):
                self._put(event, path, size)
            case boxes.FileEdited(path=path) | boxes.FileRestored(path=path):
                self._change(event, path, there=bool(found.made or isinstance(found, boxes.FileEdited)))

    def content(self, conversation: str) -> Boxed:
        """What was in it."""
        return Boxed(
            conversation=conversation,
            jobs=tuple(reversed(self._jobs.values())),
            files=tuple(self._files[path] for path in sorted(self._files)),
            network=self._network,
        )

    def _put(self, event: Event, path: str, size: int) -> None:
        self._files[path] = BoxFile(path=path, size=size, modified=event.time)

    def _change(self, event: Event, path: str, *, there: bool) -> None:
        """Let a file hold something else; how much that is, its event does not say."""
        known = self._files.pop(path, None)
        if there:
            self._put(event, path, known.size if known else 0)


async def then(journal: Journal, caller: Caller, moment: Moment) -> tuple[Boxed, tuple[Event, ...]]:
    """Return what was in a box, and the last things that had happened in it, newest first."""
    filters = [events.in_conversation(caller.user, caller.conversation, noun) for noun in NOUNS]
    read = await asyncio.gather(*map(journal.read, filters))
    lived = sorted(_by(moment, read), key=lambda one: one.sequence)
    past = Past()
    for one in lived:
        past.apply(one.event, happening(one.event))
    return past.content(caller.conversation), tuple(one.event for one in reversed(lived[-LATEST:]))


def _by(moment: Moment, read: Iterable[list[Recorded]]) -> list[Recorded]:
    return [one for each in read for one in each if moment.includes(one)]
