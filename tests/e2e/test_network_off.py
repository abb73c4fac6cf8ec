"""With the network off: a whole Daimon in a network of its own, in which there is nothing but loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.whole import ROOT

ALONE = ("unshare", "--net", *(("--user", "--map-current-user", "--keep-caps") if os.getuid() else ()))
STORY = """
ip link set lo up
! ping -c1 -W1 192.0.2.1 2>/dev/null
daimon() { "$PYTHON" -m daimon "$@"; }
daimon up --detach --port 0
daimon do "add buy milk to my list"
daimon tasks
daimon do "run uname -s"
daimon search groceries
daimon sql "select count(*) > 5 as many from events"
daimon link
daimon verify
daimon down
"""


@pytest.mark.timeout(240)
def test_everything_works_with_the_network_off(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run([*ALONE, "true"], check=False).returncode:
        pytest.skip("this machine gives no network namespaces to try it in")
    environment = {**os.environ, "DAIMON_HOME": str(tmp_path / "home"), "PYTHON": sys.executable}
    told = subprocess.run(
        [*ALONE, "sh", "-e", "-c", STORY], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    for said in ("Added task 'buy milk'\n", "1  [ ]  buy milk\n", "\nLinux\n", "http://127.0.0.1:", "All is well"):
        assert said in told.stdout, told.stdout + told.stderr
