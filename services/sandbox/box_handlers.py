"""What is to be known of a conversation's box, and what it may reach; one method a subject."""

from __future__ import annotations

from proto import boxes, errors, events, forgetting
from proto.base import Caller, Nothing
from proto.boxes import BoxLimit, Network, NetworkSet
from services.runtime.bus.journal import Journal
from services.sandbox.box import Backend
from services.sandbox.boxes import Boxes
from services.sandbox.jobs import Jobs
from services.sandbox.opening import Opening
from services.sandbox.reach import Reach


class BoxHandlers:
    """One method a subject."""

    def __init__(self, journal: Journal, boxes_of: Boxes, backend: Backend, opening: Opening, under_way: Jobs) -> None:
        self._journal = journal
        self._boxes = boxes_of
        self._backend = backend
        self._opening = opening
        self._jobs = under_way

    async def prepare(self, _: Nothing, caller: Caller) -> Nothing:
        """Open the box."""
        await self._opening.box(caller)
        return Nothing()

    async def describe(self, _: Nothing, caller: Caller) -> boxes.Description:
        """Say what is to be known of the box; opens none."""
        live = self._jobs.at(caller.user, caller.conversation)
        return boxes.Description(
            backend=self._backend.name,
            alive=self._boxes.alive(caller.user, caller.conversation),
            network=told(self._opening.reach(caller)),
            limits=tuple(
                BoxLimit(limit=each.limit, most=each.most, by=each.by) for each in self._backend.limits_in_force()
            ),
            not_hidden=self._backend.hidden_not,
            jobs=tuple(one.told() for one in live if one.apart),
            ready=self._backend.ready,
        )

    async def network(self, request: boxes.SetNetwork, caller: Caller) -> Network:
        """Change what the box may reach; connections to what it may no longer reach are cut."""
        before = self._opening.reach(caller)
        after = Reach(mode=request.mode, hosts=request.hosts if request.mode == "allow-list" else ())
        happened = NetworkSet(mode=after.mode, hosts=after.hosts, before=before.mode, hosts_before=before.hosts)
        if narrower(before, after):
            # What is taken away is gone before anybody is told so; what is given waits until it is recorded.
            self._opening.set_reach(caller, after)
        await self._journal.append(events.happened(happened, caller))
        self._opening.set_reach(caller, after)
        return told(after, happened.sentence())

    async def erase(self, request: forgetting.EraseBoxes, _: Caller) -> Nothing:
        """Remove boxes with all their files, and record nothing of it."""
        self._jobs.forget(request.user, request.conversation)
        try:
            await self._boxes.forget(request.user, request.conversation)
        except OSError as error:
            raise errors.Unavailable(f"some files of the box could not be removed: {error.strerror}") from error
        finally:
            self._opening.forget()
        return Nothing()


def told(reach: Reach, sentence: str = "") -> Network:
    """What is told of a box's network."""
    return Network(mode=reach.mode, hosts=reach.hosts, sentence=sentence)


def narrower(before: Reach, after: Reach) -> bool:
    """Whether nothing can be reached that could not before."""
    if after.mode == "off" or before.mode == "on":
        return True
    return before.mode == after.mode == "allow-list" and set(after.hosts) <= set(before.hosts)
