"""The system calls a box may not make, assembled as the program that the kernel runs on each call."""

from __future__ import annotations

import platform
import struct

import msgspec

ALLOW = 0x7FFF0000
REFUSE = 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97

# What the kernel gives the program to look at: the number, the architecture, then the low halves of the arguments.
NUMBER, ARCHITECTURE = 0, 4
LOAD, AND, SKIP, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x45, 0x06

NEW_NAMESPACES = 0x7E020080
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
TERMINAL_INJECTION = (0x5412, 0x541C)
LOCAL, INTERNET, INTERNET_6, NETLINK = 1, 2, 10, 16
ROUTE = 0
STREAM, KIND_MASK, TCP = 1, 0xF, 6
FAST_OPEN = 0x20000000

# name: number on x86_64, number on aarch64; None where the architecture has no such call.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # Other file systems and namespaces.
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "fanotify_init": (300, 262),
    # Other processes' memory and descriptors.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # Keys, which no namespace separates.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Large parts of the kernel that commands do not need and that had many holes.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "modify_ldt": (154, None),
    "memfd_secret": (447, 447),
    # The machine itself.
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
}
# Memory that belongs to no process, so that only a cgroup can count it.
_UNCOUNTED: dict[str, tuple[int | None, int | None]] = {"memfd_create": (319, 279), "shmget": (29, 194)}
# What only namespaces keep apart: queues and semaphores of the whole machine.
_SHARED: dict[str, tuple[int | None, int | None]] = {
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}


class Architecture(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between processors."""

    column: int
    audit: int
    clone: int
    ioctl: int
    personality: int
    socket: int
    socketpair: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    clone3: int = 435
    strange_from: int = 0
    """Numbers from here on belong to another calling convention; 0: there is none."""


ARCHITECTURES = {
    "x86_64": Architecture(
        column=0,
        audit=0xC000003E,
        clone=56,
        ioctl=16,
        personality=135,
        socket=41,
        socketpair=53,
        sendto=44,
        sendmsg=46,
        sendmmsg=307,
        strange_from=0x40000000,
    ),
    "aarch64": Architecture(
        column=1,
        audit=0xC00000B7,
        clone=220,
        ioctl=29,
        personality=92,
        socket=198,
        socketpair=199,
        sendto=206,
        sendmsg=211,
        sendmmsg=269,
    ),
}


class UnknownArchitectureError(Exception):
    """There is no system call filter for this processor; only x86_64 and aarch64 can hold boxes."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def program(machine: str = "", *, memory_counted: bool, apart: bool = True) -> bytes:
    """The filter in the kernel's form.

    `memory_counted` says that a cgroup holds the box's memory, `apart` that the box has namespaces of its own.
    """
    try:
        architecture = ARCHITECTURES[machine or platform.machine()]
    except KeyError:
        raise UnknownArchitectureError from None
    calls = {**_REFUSED, **({} if memory_counted else _UNCOUNTED), **({} if apart else _SHARED)}
    lines = [*_preamble(architecture), *_refused(architecture, calls)]
    lines += _by_arguments(architecture)
    lines += _sockets(architecture) if apart else _sockets_together(architecture)
    lines.append(_return(ALLOW))
    return b"".join(lines)


def _line(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _return(value: int) -> bytes:
    return _line(RETURN, value)


def _refuse(error: int) -> bytes:
    return _return(REFUSE | error)


def _argument(index: int) -> bytes:
    return _line(LOAD, 16 + 8 * index)


def _preamble(architecture: Architecture) -> list[bytes]:
    lines = [
        _line(LOAD, ARCHITECTURE),
        _line(EQUAL, architecture.audit, yes=1),
        _refuse(ENOSYS),
        _line(LOAD, NUMBER),
    ]
    if architecture.strange_from:
        lines += [_line(AT_LEAST, architecture.strange_from, no=1), _refuse(ENOSYS)]
    # glibc falls back to clone, whose flags can be looked at.
    lines += [_line(EQUAL, architecture.clone3, no=1), _refuse(ENOSYS)]
    return lines


def _refused(architecture: Architecture, calls: dict[str, tuple[int | None, int | None]]) -> list[bytes]:
    numbers = [number for both in calls.values() if (number := both[architecture.column]) is not None]
    # A jump reaches 255 lines, so the refusal stands right behind the list.
    compared = [_line(EQUAL, number, yes=len(numbers) - at) for at, number in enumerate(numbers)]
    return [*compared, _line(SKIP, 1), _refuse(EPERM)]


def _by_arguments(architecture: Architecture) -> list[bytes]:
    allow, refuse = _return(ALLOW), _refuse(EPERM)
    namespaces = [_argument(0), _line(ANY_BIT, NEW_NAMESPACES, no=1), refuse, allow]
    return [
        *_only(architecture.clone, namespaces),
        *_only(architecture.ioctl, _if_any(1, TERMINAL_INJECTION, then=refuse, otherwise=allow)),
        *_only(architecture.personality, _if_any(0, PERSONALITIES, then=allow, otherwise=refuse)),
    ]


def _sockets(architecture: Architecture) -> list[bytes]:
    allow = _return(ALLOW)
    route_only = [_argument(0), _line(EQUAL, NETLINK, no=4), _argument(2), _line(EQUAL, ROUTE, no=1), allow]
    families = _if_any(0, (LOCAL, INTERNET, INTERNET_6), then=allow, otherwise=_refuse(EAFNOSUPPORT))
    return _only(architecture.socket, [*route_only, _refuse(EAFNOSUPPORT), *families])


def _sockets_together(architecture: Architecture) -> list[bytes]:
    """Without a network of its own a box may only open what Landlock judges: plain TCP.

    Sockets in files would reach the machine's services, datagrams its network, and Landlock looks at no other protocol;
    data that is sent with the first packet is sent without asking it.
    """
    allow, refuse = _return(ALLOW), _refuse(EAFNOSUPPORT)
    masked = [_argument(1), _line(AND, KIND_MASK)]
    stream = [*masked, _line(EQUAL, STREAM, yes=1), refuse]
    tcp = _if_any(2, (0, TCP), then=allow, otherwise=refuse)
    inner = [_argument(0), _line(EQUAL, INTERNET, yes=2), _line(EQUAL, INTERNET_6, yes=1), refuse, *stream, *tcp]
    lines = [*_only(architecture.socket, inner), *_only(architecture.socketpair, [*stream, allow])]
    for number, flags in ((architecture.sendto, 3), (architecture.sendmsg, 2), (architecture.sendmmsg, 3)):
        lines += _only(number, [_argument(flags), _line(ANY_BIT, FAST_OPEN, no=1), _refuse(EPERM), allow])
    return lines


def _only(number: int, lines: list[bytes]) -> list[bytes]:
    return [_line(EQUAL, number, no=len(lines)), *lines]


def _if_any(argument: int, values: tuple[int, ...], *, then: bytes, otherwise: bytes) -> list[bytes]:
    compared = [_line(EQUAL, value, yes=len(values) - at) for at, value in enumerate(values)]
    return [_argument(argument), *compared, otherwise, then]
