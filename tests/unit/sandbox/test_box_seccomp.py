"""The system call filter refuses what it should, shown by running it as the kernel would."""

from __future__ import annotations

import struct

import pytest

from services.sandbox import seccomp
from services.sandbox.seccomp import ARCHITECTURES, UnknownArchitectureError, program

ALLOW, EPERM, ENOSYS, EAFNOSUPPORT = 0x7FFF0000, 0x50001, 0x50026, 0x50061
I386 = 0x40000003
CLONE_THREAD = 0x3D0F00


def decide(machine: str, number: int, *arguments: int, audit: int = 0, counted: bool = True) -> int:
    """Run the filter on one system call."""
    audit = audit or ARCHITECTURES[machine].audit
    call = struct.pack("=IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    lines = list(struct.iter_unpack("=HBBI", program(machine, memory_counted=counted)))
    at = accumulator = 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", call, value)
        elif code == 0x05:
            at += value
        elif code == 0x06:
            return int(value)
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += yes if holds else no


MACHINES = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


@MACHINES
@pytest.mark.parametrize("name", seccomp._REFUSED)
def test_each_call_of_the_list_is_refused(machine: str, name: str):
    number = seccomp._REFUSED[name][ARCHITECTURES[machine].column]
    assert number is None or decide(machine, number) == EPERM


@MACHINES
def test_everyday_calls_are_allowed(machine: str):
    everyday = {"x86_64": (0, 1, 2, 3, 9, 39, 57, 59, 257), "aarch64": (56, 57, 63, 64, 172, 215, 221, 222)}
    assert {decide(machine, number) for number in everyday[machine]} == {ALLOW}


@MACHINES
@pytest.mark.parametrize("flag", [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
def test_clone_makes_threads_but_no_namespace(machine: str, flag: int):
    clone = ARCHITECTURES[machine].clone
    assert decide(machine, clone, CLONE_THREAD) == ALLOW
    assert decide(machine, clone, CLONE_THREAD | flag) == EPERM
    assert decide(machine, ARCHITECTURES[machine].clone3) == ENOSYS


@MACHINES
def test_a_terminal_takes_no_input_from_the_box(machine: str):
    ioctl = ARCHITECTURES[machine].ioctl
    assert decide(machine, ioctl, 0, 0x5401) == ALLOW
    assert decide(machine, ioctl, 0, 0x5412) == EPERM
    # The kernel looks at the low half of the argument alone, and so must the filter.
    assert decide(machine, ioctl, 0, 0x1_0000_5412) == EPERM


@MACHINES
def test_sockets_are_of_the_usual_families(machine: str):
    socket = ARCHITECTURES[machine].socket
    families = {family: decide(machine, socket, family, 1, 0) for family in range(50)}
    assert {family for family, decision in families.items() if decision == ALLOW} == {1, 2, 10, 16}
    assert set(families.values()) == {ALLOW, EAFNOSUPPORT}
    assert decide(machine, socket, 16, 3, 12) == EAFNOSUPPORT


@MACHINES
def test_personality_may_be_asked_but_not_made_strange(machine: str):
    personality = ARCHITECTURES[machine].personality
    assert decide(machine, personality, 0xFFFFFFFF) == ALLOW
    assert decide(machine, personality, 0x0040000) == EPERM


def test_other_calling_conventions_are_no_way_around():
    assert decide("x86_64", 0, audit=I386) == ENOSYS
    assert decide("x86_64", 0x40000000 + 165) == ENOSYS


@MACHINES
def test_memory_that_nobody_counts_is_refused_without_a_cgroup(machine: str):
    for both in seccomp._UNCOUNTED.values():
        number = both[ARCHITECTURES[machine].column]
        assert number is not None
        assert decide(machine, number, counted=True) == ALLOW
        assert decide(machine, number, counted=False) == EPERM


def test_a_machine_without_a_filter_is_told_so():
    with pytest.raises(UnknownArchitectureError, match="x86_64 and aarch64"):
        program("riscv64", memory_counted=True)
