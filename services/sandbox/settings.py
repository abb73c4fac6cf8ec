"""Settings of the sandbox service."""

from __future__ import annotations

from typing import Literal

import msgspec

from proto.documents import SIZE_LIMIT
from services.runtime.settings import vm_image
from services.sandbox.backends import Name
from services.sandbox.limits import Limits
from services.sandbox.plan import IMAGE, Plan
from services.sandbox.reach import Reach


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The network of a new box."""

    mode: Literal["off", "allow-list", "on"] = "on"
    """What a new box may reach: `on` is public addresses, `allow-list` the hosts below, `off` nothing."""
    hosts: str = ""
    """The hosts of the allow-list, with spaces between them: example.org, *.example.org or example.org:8443."""


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    home: str = "boxes"
    """Where the boxes' files are kept."""
    backend: Name = "auto"
    """What holds the boxes: bwrap, docker, docker:RUNTIME such as docker:runsc, or landlock; `auto` is the first that
    works of bwrap, docker and landlock."""
    vm_image: str = ""
    """The image that docker makes boxes of; '' is $VM_IMAGE, or else python:3.11-slim."""
    warm: int = 0
    """Boxes kept ready by bwrap or docker, so that a new conversation need not wait for one."""
    network: Network = Network()
    """What a new box may reach."""
    limits: Limits = Limits()
    """What one box may use of the machine."""
    idle: float = 1800.0
    """Seconds without a command after which a box is closed; its files stay."""
    most: int = 100
    """Boxes alive at the same time; nine in ten of them may be one user's."""
    grace: float = 10.0
    """Seconds after which a command goes on as a job."""
    file: int = SIZE_LIMIT
    """Bytes of one file that is handed back."""


def reach(settings: SandboxSettings) -> Reach:
    """What a box may reach of which nobody said anything."""
    return Reach(mode=settings.network.mode, hosts=tuple(settings.network.hosts.split()))


def plan(settings: SandboxSettings) -> Plan:
    """How boxes are made under these settings."""
    return Plan(
        reach=reach(settings),
        limits=settings.limits,
        image=settings.vm_image or vm_image() or IMAGE,
        runtime=settings.backend.partition(":")[2],
        warm=settings.warm,
    )
