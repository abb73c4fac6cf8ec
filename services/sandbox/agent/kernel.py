"""The kernel calls the agent needs, reached without signal, socket and ctypes: those cost each box 3 MB and 10 ms."""

from __future__ import annotations

import _ctypes
import _socket
import os
import resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
# Those that bwrap leaves a box which begins as root: to change groups, users, and these very sets.
CAPABILITIES = (6, 7, 8)
CAPABILITY_VERSION = 0x20080522
KILL = 9
LAST_SECONDS = 2


class _Byte(_ctypes._SimpleCData):  # type: ignore[type-arg]  # noqa: SLF001 - what ctypes.c_ubyte is
    _type_ = "B"


def _call(name: str, *arguments: int | bytes) -> None:
    address = _ctypes.dlsym(_ctypes.dlopen(None, 0), name)  # type: ignore[arg-type]  # None: what is loaded already
    if _ctypes.call_function(address, arguments) != 0:
        raise OSError(f"{name} was refused")


def become(user: int) -> None:
    """Give up root of the namespace for good; nothing to do where the box began as `user`."""
    if os.getuid() == 0:
        for capability in CAPABILITIES:
            _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        _call("capset", CAPABILITY_VERSION.to_bytes(4, "little") + bytes(4), bytes(24))


def shield() -> None:
    """Die with the service, and let nothing in the box read or trace this process."""
    _call("prctl", PR_SET_PDEATHSIG, KILL, 0, 0, 0)
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)


def heed_children(wake: int) -> None:
    """Ignore SIGINT and write a byte to `wake` whenever a child ends."""
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    _signal.signal(_signal.SIGCHLD, lambda _number, _frame: None)
    _signal.set_wakeup_fd(wake, warn_on_full_buffer=False)


def limit(memory: int, processes: int, open_files: int, file_size: int, cpu_seconds: int) -> None:
    """Set the limits every process of the box inherits; 0 leaves one as it is."""
    wanted = {
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_CPU: cpu_seconds,
    }
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in wanted.items():
        _, most = resource.getrlimit(name)
        if value:
            # A process is told that its time is over; one that does not listen is killed a little later.
            top = value + LAST_SECONDS if name == resource.RLIMIT_CPU else value
            top = top if most == resource.RLIM_INFINITY else min(top, most)
            resource.setrlimit(name, (min(value, top), top))


def filter_calls(path: str) -> None:
    """Give up gaining privileges, and have the kernel judge system calls by the program in a file, for good."""
    with open(path, "rb") as file:  # noqa: PTH123
        program = bytearray(file.read())
    lines = (_Byte * len(program)).from_buffer(program)
    head = (len(program) // 8).to_bytes(8, "little") + _ctypes.addressof(lines).to_bytes(8, "little")
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0)


def connect(path: str) -> int:
    """The descriptor of a line to a socket file."""
    line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    line.connect(path)
    return line.detach()


def listen(port: int) -> int:
    """Listen on the box's own loopback; the descriptor."""
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener.detach()


def hand_over(channel: int, message: bytes, descriptor: int) -> None:
    """Send `message` and an open descriptor to the service."""
    sender = _socket.socket(fileno=channel)
    rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptor.to_bytes(4, "little"))
    sender.sendmsg([message], [rights])
    sender.detach()
