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
    """Containers kept ready, so that a new box need not wait for one."""
    network: Literal["on", "off"] = "on"
    """What a new box may reach: `on` is public addresses, `off` nothing."""
    idle: float = 1800.0
    """Seconds without a command after which a box is closed; its files stay."""
    most: int = 100
    """Boxes alive at the same time."""
    memory: int = 1024 * 1024 * 1024
    """Bytes that all processes of one box may use together."""
    grace: float = 10.0
    """Seconds after which a command goes on as a job."""
    file: int = SIZE_LIMIT
    """Bytes of one file that is handed back."""
    output: int = 64 * 1024
    """Bytes of stdout and of stderr that an answer carries; the whole stays in the box."""


def plan(settings: SandboxSettings) -> Plan:
    """How boxes are made under these settings."""
    return Plan(
        reach=Reach(mode=settings.network),
        limits=Limits(memory=settings.memory, output=settings.output),
        image=settings.vm_image or vm_image() or IMAGE,
        runtime=settings.backend.partition(":")[2],
        warm=settings.warm,
    )
