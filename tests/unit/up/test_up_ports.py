"""Ports that cannot be had."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daimon.up import ports
from daimon.up.errors import PortTaken

FIRST_ALLOWED = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
NOBODY = 65534


def test_a_port_of_another_program_is_in_use() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as other, pytest.raises(PortTaken, match="in use by another"):
        ports.demand(other.getsockname()[1])


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Act as somebody who is not root, where we are root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


@pytest.mark.skipif(FIRST_ALLOWED <= 1, reason="this machine lets everybody have every port")
@pytest.mark.usefixtures("ordinary_user")
def test_a_port_that_only_root_may_have_is_not_called_in_use() -> None:
    with pytest.raises(PortTaken, match="Port 1 is not allowed to ordinary users"):
        ports.demand(1)
