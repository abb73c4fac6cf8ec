"""The menu of our own services, as a model is offered it."""

from __future__ import annotations

from proto import actions, memory, sandbox, sorting, tasks
from services.llm.menu.catalogue import Catalogue
from services.runtime.bus.discovery import EndpointInfo, ServiceInfo
from services.runtime.bus.serving import metadata


def endpoints() -> tuple[EndpointInfo, ...]:
    """Every action of tasks, sandbox and memory, and the search for others, as the bus announces them."""
    return tuple(
        EndpointInfo(name=action.name, subject=action.pattern, metadata=metadata(action))
        for action in (*tasks.ACTIONS, *sorting.ACTIONS, *sandbox.ACTIONS, *memory.ACTIONS, actions.SEARCH)
    )


def catalogue(*programs):
    """The catalogue of them, and of the actions of programs beside them, as (name, subject, metadata)."""
    others = [
        ServiceInfo(name=name, id=name, endpoints=(EndpointInfo(name="x", subject=subject, metadata=said),))
        for name, subject, said in programs
    ]
    found = Catalogue()
    found.learn([ServiceInfo(name="all", id="1", endpoints=endpoints()), *others])
    return found


def menu():
    """The actions of `catalogue`, as a model is offered them."""
    return catalogue().tools()
