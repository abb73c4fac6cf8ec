"""Whether a box's process has ended is known however many boxes there are."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess

from services.sandbox.channel import gone

HIGH = 2000
"""More open files than `select` takes."""


def test_the_end_of_a_process_is_seen_behind_a_high_descriptor():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, HIGH + 100), hard))
    with subprocess.Popen(["sleep", "60"]) as process:
        low = os.pidfd_open(process.pid)
        handle = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, HIGH)
        try:
            assert not gone(handle)
            process.kill()
            os.waitid(os.P_PIDFD, handle, os.WEXITED | os.WNOWAIT)
            assert gone(handle)
        finally:
            os.close(low)
            os.close(handle)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
