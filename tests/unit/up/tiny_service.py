"""A service with nothing to serve: it says that it is ready, and ends when it is told to."""

import signal
import socket
import sys

import msgspec

from services.runtime import settings


class Mood(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it behaves; read from `DAIMON_ALPHA_<FIELD>`."""

    fails: int = -1
    """The code it ends with instead of getting ready."""
    stubborn: bool = False
    """It does not end when it is told to."""


def main() -> None:
    mood = settings.load("alpha", Mood)
    if mood.fails >= 0:
        sys.stderr.write("the moon is wrong\n")
        sys.exit(mood.fails)
    if mood.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"READY=1", settings.notify_socket())
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
