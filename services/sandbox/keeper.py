"""The keeper of a box without namespaces: confines the agent, watches over it, and ends all that came from it.

It runs as a program of its own, outside of what it confines, and imports the standard library and its neighbours alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

from services.sandbox import landlock
from services.sandbox.agent import kernel, processes

PR_SET_CHILD_SUBREAPER = 36
CAPABILITIES = 64
LOOPBACK = "127.0.0.1"
BOOT = (
    "import sys; sys.path.insert(0, {above!r}); "
    "__import__({name!r}, fromlist=['main']).main(int(sys.argv[1]), int(sys.argv[2]))"
)


def main() -> NoReturn:
    """Do what the order on the command line says, until the service or the agent ends."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    os.setsid()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    listening = socket.create_server((LOOPBACK, 0), backlog=64)
    keeper = os.getpid()
    agent = os.fork()
    if agent == 0:
        _become_agent(order, listening, keeper)
    listening.close()
    os.write(order["tell"], f"{agent}\n".encode())
    os.close(order["tell"])
    _watch(agent, order["line"])
    while processes.living():
        processes.sweep(spare=0)
        select.select([], [], [], 0.01)
        _bury()
    os._exit(0)


def _watch(agent: int, line: int) -> None:
    """Wait until the agent has ended, or the service has hung up, or we are asked to end."""
    signal.signal(signal.SIGTERM, lambda *_: os.close(line))
    watched = select.poll()
    watched.register(os.pidfd_open(agent), select.POLLIN)
    # What is said on the line is the agent's to read; here only its end is heard.
    watched.register(line, 0)
    while not watched.poll(1000):
        _bury(but=agent)


def _bury(but: int = 0) -> None:
    """Take in what has ended, so that nothing stays as a zombie."""
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is None or found.si_pid == but:
                return
            os.waitpid(found.si_pid, os.WNOHANG)
        except ChildProcessError:
            return


def _become_agent(order: dict[str, Any], listening: socket.socket, keeper: int) -> NoReturn:
    try:
        _prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        # Both are: what loses its parent stays below the agent while that lives, and below the keeper after it.
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        if os.getppid() != keeper:
            os._exit(1)
        os.setsid()
        # The service puts the agent into its control group first.
        os.read(order["go"], 1)
        port = listening.getsockname()[1]
        _give_up(order, port)
        line, way_out = order["line"], listening.fileno()
        for descriptor in (line, way_out):
            os.set_inheritable(descriptor, True)
        above, name = os.path.split(order["agent"])
        boot = BOOT.format(above=above, name=f"{name}.main")
        words = [order["python"], "-I", "-S", "-c", boot, str(line), str(way_out)]
        environment = {name: text.replace("@port@", str(port)) for name, text in order["environment"].items()}
        os.execve(order["python"], words, environment)  # noqa: S606
    except OSError as error:
        os.write(2, f"{error}\n".encode())
    os._exit(1)


def _give_up(order: dict[str, Any], port: int) -> None:
    """Become the box's user, without any right but those that the order names."""
    rules = landlock.Rules(order["version"])
    own = landlock.own(order["version"])
    for rights, name in ((landlock.RUN, "run"), (landlock.READ, "read"), (landlock.USE, "use"), (own, "own")):
        rules.keep(rights, order[name])
    rules.keep_connecting(port)
    for capability in range(CAPABILITIES):
        _prctl(kernel.PR_CAPBSET_DROP, capability)
    os.setgroups([])
    os.setresgid(order["user"], order["user"], order["user"])
    os.setresuid(order["user"], order["user"], order["user"])
    os.umask(0o022)
    os.chdir(order["home"])
    kernel.filter_calls(f"/proc/self/fd/{order['filter']}")
    rules.restrict()


def _prctl(what: int, value: int) -> None:
    ctypes.CDLL(None).prctl(what, ctypes.c_ulong(value), 0, 0, 0)


if __name__ == "__main__":
    main()
