"""Control groups are used only where they are ours, shown on folders that look like the kernel's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.sandbox import cgroup
from services.sandbox.limits import Limits, counts_processes_per_namespace, enforcements

LIMITS = Limits(memory=64 * 1024 * 1024, processes=32)


BOTH = ("memory", "pids")


def own(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "own"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def folder(path: Path, **files: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in {"cgroup_procs": "", **files}.items():
        (path / name.replace("_", ".", 1)).write_text(text)
    return path


def test_the_topmost_groups_of_version_1_are_used(tmp_path: Path):
    for name in ("memory", "pids"):
        folder(tmp_path / name)
    found = cgroup.find(own(tmp_path, "4:memory:/", "3:pids:/", "2:cpu:/"), tmp_path, BOTH)
    assert (found.version, set(found.folders)) == (1, {"memory", "pids"})
    group = found.group("box", LIMITS)
    assert (tmp_path / "memory/box/memory.limit_in_bytes").read_text() == str(LIMITS.memory)
    assert (tmp_path / "pids/box/pids.max").read_text() == "32"
    group.take(4711)
    assert (tmp_path / "pids/box/cgroup.procs").read_text() == "4711"


def test_a_group_that_was_not_given_to_root_is_left_alone(tmp_path: Path):
    folder(tmp_path / "memory" / "some")
    found = cgroup.find(own(tmp_path, "4:memory:/some"), tmp_path, BOTH).folders
    # Root may write anywhere, so only a mark tells; anybody else owns what was given to them.
    assert bool(found) is (os.getuid() != 0)


def test_a_group_that_the_service_manager_delegated_is_ours(tmp_path: Path):
    delegated = folder(tmp_path / "memory" / "daimon.service")
    os.setxattr(delegated, "user.delegate", b"1")
    assert cgroup.find(own(tmp_path, "4:memory:/daimon.service"), tmp_path, BOTH).folders == {"memory": delegated}


def test_version_2_is_claimed_by_stepping_aside(tmp_path: Path):
    top = folder(
        tmp_path, cgroup_procs=f"{os.getpid()}\n", cgroup_controllers="cpu memory pids\n", cgroup_subtree_control=""
    )
    cgroup.find(own(tmp_path, "0::/"), tmp_path, BOTH)
    assert (top / "service/cgroup.procs").read_text() == str(os.getpid())
    assert (top / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_version_2_with_controllers_on_makes_groups(tmp_path: Path):
    folder(tmp_path, cgroup_controllers="memory pids", cgroup_subtree_control="memory pids")
    found = cgroup.find(own(tmp_path, "0::/"), tmp_path, BOTH)
    found.group("box", LIMITS)
    assert (tmp_path / "box/memory.max").read_text() == str(LIMITS.memory)
    assert (tmp_path / "box/pids.max").read_text() == "32"


def test_hits_are_read_from_the_events(tmp_path: Path):
    folder(tmp_path, memory_events="low 0\noom_kill 3\n", pids_events="max 5\n")
    group = cgroup.Group(version=2, paths={"memory": tmp_path, "pids": tmp_path})
    assert group.hits() == {"memory": 3, "pids": 5}


def test_no_groups_at_all_are_no_error(tmp_path: Path):
    assert cgroup.find(tmp_path / "missing", tmp_path, BOTH).folders == {}
    assert cgroup.find(own(tmp_path, "0::/"), tmp_path, BOTH).folders == {}


def test_what_holds_each_limit_is_told():
    told = {each.limit: each.by for each in enforcements(Limits(), frozenset({"memory"}), 2)}
    assert told["memory"] == "cgroup v2"
    assert "watch" in {each.limit: each.by for each in enforcements(Limits(), frozenset(), 0)}["memory"]


@pytest.mark.parametrize(
    ("release", "so"), [("6.18.44-x", True), ("5.14.0", True), ("5.13.19", False), ("5.4+", False)]
)
def test_older_kernels_count_processes_otherwise(release: str, so: bool):
    assert counts_processes_per_namespace(release) is so
