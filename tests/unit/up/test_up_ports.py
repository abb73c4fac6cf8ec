"""Ports that cannot be had."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from daimon.up import ports
from daimon.up.errors import PortTaken

FIRST_ALLOWED = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())


def test_a_port_of_another_program_is_in_use() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as other, pytest.raises(PortTaken, match="in use by another"):
        ports.demand(other.getsockname()[1])


@pytest.mark.skipif(os.geteuid() == 0 or FIRST_ALLOWED <= 1, reason="every port is allowed here")
def test_a_port_that_only_root_may_have_is_not_called_in_use() -> None:
    with pytest.raises(PortTaken, match="Port 1 is not allowed to ordinary users"):
        ports.demand(1)
