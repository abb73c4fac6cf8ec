"""Which backend holds the boxes of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from services.sandbox.box import Backend, Box, NoSandboxError
from services.sandbox.limits import Enforcement
from services.sandbox.plan import Plan

Name = Annotated[str, Meta(pattern=r"^(auto|bwrap|docker(:[\w.-]+)?|landlock)$")]
ORDER = ("bwrap", "docker", "landlock")


class Nothing(Backend):
    """No backend: every box is refused, with what would have to be done."""

    name = "none"

    def __init__(self, home: Path, problem: str) -> None:
        self.home = home
        self._problem = problem

    async def check(self) -> str | None:
        """Why there is none."""
        return self._problem

    async def open(self, root: Path) -> Box:
        """Refuse."""
        del root
        raise NoSandboxError(self._problem)

    def limits_in_force(self) -> tuple[Enforcement, ...]:
        """None, where nothing runs."""
        return ()


async def choose(wanted: Name, home: Path, plan: Plan) -> Backend:
    """The wanted backend, or the first that works; one that refuses every box when none does."""
    problems = []
    for name in ORDER if wanted == "auto" else (wanted.partition(":")[0],):
        backend = MAKERS[name](home, plan)
        problem = await backend.check()
        if problem is None:
            return backend
        await backend.close()
        problems.append(f"{name}: {problem}" if wanted == "auto" else problem)
    return Nothing(home, f"Nothing on this machine can hold a box, so commands are not run. {' '.join(problems)}")


# Each is read in only when it is tried: the engine's library alone would double the service's memory.
def _bwrap(home: Path, plan: Plan) -> Backend:
    from services.sandbox.bubblewrap import Bubblewrap  # noqa: PLC0415

    return Bubblewrap(home, plan)


def _docker(home: Path, plan: Plan) -> Backend:
    from services.sandbox.containers import Containers  # noqa: PLC0415

    return Containers(home, plan)


def _landlock(home: Path, plan: Plan) -> Backend:
    from services.sandbox.confinement import Confinement  # noqa: PLC0415

    return Confinement(home, plan)


MAKERS: dict[str, Callable[[Path, Plan], Backend]] = {"bwrap": _bwrap, "docker": _docker, "landlock": _landlock}
