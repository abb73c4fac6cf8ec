"""The Docker engine: the only file that speaks to it, and where its errors become sentences."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any, TypeVar

import docker
import msgspec
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig
from docker.utils import kwargs_from_env
from requests.exceptions import ConnectionError, RequestException  # noqa: A004

from services.sandbox.box import BoxStartError, NoSandboxError
from services.sandbox.limits import Limits
from services.sandbox.rootfs import MASKED, RUN, SHM

T = TypeVar("T")

HOME_LABEL, LINE_LABEL = "daimon.home", "daimon.line"
ANSWER_WITHIN = 20
SOCKET = "unix:///var/run/docker.sock"
# What the engine keeps of the agent's own words.
LOG = LogConfig(type="json-file", config={"max-size": "64k", "max-file": "1"})
# What the engine hides by itself, which a list of our own replaces.
ENGINE_MASKED = ("/proc/acpi", "/proc/asound", "/proc/latency_stats", "/proc/scsi", "/proc/timer_stats", "/sys")
NO_ENGINE = (
    "No Docker engine answers ({reason}): start it with `sudo systemctl start docker`, and let this user reach it "
    "with `sudo usermod -aG docker $USER`."
)
FAR_ENGINE = "The Docker engine at {host} is on another machine; boxes need one on this machine (unset DOCKER_HOST)."
NO_IMAGE = (
    "The Docker engine has no image {image}, which boxes are made of: fetch it with `docker pull {image}`. Without a "
    "registry, make one with `sudo debootstrap --variant=minbase --include=python3 stable rootfs` and "
    "`sudo tar -C rootfs -c . | docker import - daimon-box`, and set DAIMON_SANDBOX_VM_IMAGE=daimon-box."
)


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """A container to make."""

    name: str
    image: str
    command: list[str]
    user: int
    binds: list[str]
    """Folders of the machine as `from:to:ro` or `from:to:rw`."""
    environment: dict[str, str]
    labels: dict[str, str]
    limits: Limits
    runtime: str = ""


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A container that there is."""

    id: str
    name: str
    labels: dict[str, str]
    running: bool


class Engine:
    """The engine on this machine; calls wait for it, so each is made in a thread."""

    def __init__(self) -> None:
        """NoSandboxError when none answers."""
        address = kwargs_from_env().get("base_url") or SOCKET
        if not address.startswith("unix://"):
            raise NoSandboxError(FAR_ENGINE.format(host=address))
        self._path = address.removeprefix("unix://")
        try:
            self._reach()
            self._client = docker.DockerClient(address, timeout=ANSWER_WITHIN)
        except (BoxStartError, DockerException) as error:
            raise NoSandboxError(str(error)) from error

    def close(self) -> None:
        """Let go of the engine."""
        self._client.close()

    def image(self, name: str) -> str:
        """The id of an image; NoSandboxError with the command to make it when there is none."""
        try:
            return str(self._told(lambda: self._client.images.get(name)).id)
        except ImageNotFound:
            raise NoSandboxError(NO_IMAGE.format(image=name)) from None

    def start(self, making: Making) -> str:
        """Make a container and start it; its id."""
        api = self._client.api
        words: dict[str, Any] = {
            "user": f"{making.user}:{making.user}",
            "environment": making.environment,
            "labels": making.labels,
            "hostname": "box",
            "working_dir": "/",
            "entrypoint": "",
        }
        made = self._told(
            lambda: api.create_container(
                making.image, making.command, name=making.name, host_config=self._confined(making), **words
            )
        )
        try:
            self._told(lambda: api.start(made["Id"]))
        except BoxStartError:
            self.remove(made["Id"])
            raise
        return str(made["Id"])

    def pid(self, name: str) -> int:
        """The pid of a container's first process, as the machine sees it; 0 when it does not run."""
        try:
            return int(self._told(lambda: self._client.api.inspect_container(name))["State"]["Pid"])
        except NotFound:
            return 0

    def wait(self, name: str) -> int:
        """Wait for a container to end; its exit code."""
        return int(self._told(lambda: self._client.api.wait(name, timeout=ANSWER_WITHIN))["StatusCode"])

    def words(self, name: str) -> str:
        """The last of what a container's first process said."""
        try:
            said = self._told(lambda: self._client.api.logs(name, tail=20))
        except (NotFound, BoxStartError):
            return ""
        return bytes(said).decode("utf-8", "replace").strip()

    def remove(self, name: str) -> None:
        """Kill a container and take it away; one that is not there is no error."""
        try:
            self._told(lambda: self._client.api.remove_container(name, force=True))
        except NotFound:
            return

    def labelled(self, label: str, value: str) -> list[Container]:
        """Every container with this label, running or not."""
        found = self._told(lambda: self._client.api.containers(all=True, filters={"label": f"{label}={value}"}))
        return [
            Container(
                id=each["Id"],
                name=each["Names"][0].lstrip("/"),
                labels=each["Labels"],
                running=each["State"] == "running",
            )
            for each in found
        ]

    def _confined(self, making: Making) -> dict[str, Any]:
        limits = making.limits
        config: dict[str, Any] = self._client.api.create_host_config(
            binds=making.binds,
            cap_drop=["ALL"],
            ipc_mode="private",
            log_config=LOG,
            mem_limit=limits.memory,
            memswap_limit=limits.memory,
            nano_cpus=int(min(limits.cpus, os.cpu_count() or 1) * 1e9),
            network_mode="none",
            pids_limit=limits.processes,
            read_only=True,
            runtime=making.runtime or None,
            security_opt=["no-new-privileges:true"],
            shm_size=SHM,
            tmpfs={  # the image's own mode of these folders stays, so they are given to the user
                "/tmp": _in_memory(limits.tmp, making.user),  # noqa: S108 - the box's own
                "/run": _in_memory(RUN, making.user),
            },
        )
        return {**config, "MaskedPaths": [*MASKED, *ENGINE_MASKED]}

    def _told(self, call: Callable[[], T]) -> T:
        """What the engine answers; BoxStartError in its words, but what is not there stays its own error."""
        self._reach()
        try:
            return self._twice(call)
        except NotFound:
            raise
        except APIError as error:
            raise BoxStartError(f"The Docker engine refused: {error.explanation or error}.") from error
        except (DockerException, RequestException) as error:
            raise BoxStartError(NO_ENGINE.format(reason=error)) from error

    @staticmethod
    def _twice(call: Callable[[], T]) -> T:
        """Ask again when a connection was kept that an engine before this one had opened."""
        try:
            return call()
        except ConnectionError:
            return call()

    def _reach(self) -> None:
        """BoxStartError when nobody listens; the library would leave a socket open and not say why."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(ANSWER_WITHIN)
            try:
                line.connect(self._path)
            except OSError as error:
                reason = f"{self._path}: {error.strerror or error}"
                raise BoxStartError(NO_ENGINE.format(reason=reason)) from error


def _in_memory(size: int, user: int) -> str:
    return f"exec,size={size},uid={user},gid={user},mode=1777"
