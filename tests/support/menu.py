"""The menu of our own services, as a model is offered it."""

from __future__ import annotations

from proto import actions, memory, sandbox, tasks
from services.llm.catalogue import Catalogue
from services.runtime.bus.discovery import EndpointInfo, ServiceInfo
from services.runtime.bus.serving import metadata


def endpoints() -> tuple[EndpointInfo, ...]:
    """Every action of tasks, sandbox and memory, and the search for others, as the bus announces them."""
    return tuple(
        EndpointInfo(name=action.name, subject=action.pattern, metadata=metadata(action))
        for action in (*tasks.ACTIONS, *sandbox.ACTIONS, *memory.ACTIONS, actions.SEARCH)
    )


def menu():
    """The same as a model is offered it."""
    catalogue = Catalogue()
    catalogue.learn([ServiceInfo(name="all", id="1", endpoints=endpoints())])
    return catalogue.tools()
