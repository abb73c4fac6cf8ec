"""The menu of our own services, as a model is offered it."""

from __future__ import annotations

from proto import memory, sandbox, tasks
from services.llm.catalogue import Catalogue
from services.runtime.bus.discovery import EndpointInfo, ServiceInfo
from services.runtime.bus.serving import metadata


def menu():
    """Every action of tasks, sandbox and memory."""
    endpoints = tuple(
        EndpointInfo(name=action.name, subject=action.pattern, metadata=metadata(action))
        for action in (*tasks.ACTIONS, *sandbox.ACTIONS, *memory.ACTIONS)
    )
    catalogue = Catalogue()
    catalogue.learn([ServiceInfo(name="all", id="1", endpoints=endpoints)])
    return catalogue.tools()
