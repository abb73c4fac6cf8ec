"""The units as files: current, complete, verified by systemd, and exposed to as little as systemd can say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from daimon import cli
from daimon.commands import units as command
from daimon.up.services import SERVICES
from proto.roles import ROLES
from services.runtime.units import FILE, table, unit_of
from services.ui.hardening import SYSTEMD, hardening
from tests.support.whole import ROOT

UNITS = ROOT / "nixos" / "units.nix"
WRITE = "nix-instantiate --eval --strict --json nixos/units.nix | python3 -m json.tool > services/runtime/units.json"
BOXES = 2.4
OTHERS = 1.1
needs_nix = pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="nix is not installed (nix-bin)")
needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture(autouse=True)
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout of a test may lie where units would not see it."""
    monkeypatch.setattr(command, "_HIDDEN", ())


def written(directory: Path, *words: str) -> dict[str, str]:
    assert cli.run(["units", "--dir", str(directory), *words]) == 0
    return {path.name: path.read_text() for path in directory.iterdir() if path.suffix != ".conf"}


def lines(unit: str) -> set[str]:
    return set(unit.splitlines())


def verdict(*words: str) -> tuple[int, str]:
    done = subprocess.run(("systemd-analyze", *words), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def names(directory: Path, *suffixes: str) -> list[str]:
    return [str(path) for path in sorted(directory.iterdir()) if path.suffix in suffixes]


@needs_nix
def test_the_rows_are_those_of_units_nix() -> None:
    said = subprocess.run(
        ("nix-instantiate", "--eval", "--strict", "--json", str(UNITS)), capture_output=True, text=True, check=True
    )
    assert json.loads(FILE.read_text()) == json.loads(said.stdout), f"it is not current: {WRITE}"


def test_every_service_has_its_row() -> None:
    services = {service.name for service in SERVICES}
    assert set(table().services) == services <= set(ROLES)
    for name in services:
        row = table().units[unit_of(name)]
        assert row.service["ExecStart"] == f"@python@ -m services.{name}.main"
        assert row.environment["DAIMON_NATS_USER"] == name


def test_every_service_is_watched_limited_and_started_again() -> None:
    for name in table().services:
        section = table().units[unit_of(name)].service
        assert (section["Type"], section["Restart"]) == ("notify", "on-failure")
        assert {"WatchdogSec", "MemoryMax", "TasksMax", "TimeoutStopSec", "Slice", "LoadCredential"} <= section.keys()


@needs_analyze
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    written(tmp_path, "--instances", "llm=2")
    assert verdict("verify", *names(tmp_path, ".service", ".target", ".slice")) == (0, "")


def test_a_systemd_that_can_waits_longer_each_time(tmp_path: Path) -> None:
    assert "RestartSteps=6" in written(tmp_path / "new", "--systemd", "254")["daimon-llm.service"]
    assert "RestartSteps" not in written(tmp_path / "old", "--systemd", "253")["daimon-llm.service"]


@needs_analyze
def test_every_service_is_as_little_exposed_as_it_must_be(tmp_path: Path) -> None:
    written(tmp_path)
    for unit in names(tmp_path, ".service"):
        # A threshold is in tenths of what is printed.
        most = BOXES if unit.endswith("sandbox.service") else OTHERS
        code, said = verdict("security", "--offline=true", f"--threshold={most * 10:.0f}", unit)
        assert code == 0, said


@needs_analyze
def test_the_page_of_rights_tells_the_figures_of_systemd(tmp_path: Path) -> None:
    said = verdict("--version")[1]
    if f"systemd {SYSTEMD} " not in said:
        pytest.skip(f"the figures are those of systemd {SYSTEMD}")
    written(tmp_path)
    for service in table().services:
        code, found = verdict("security", "--offline=true", str(tmp_path / unit_of(service)))
        assert code == 0
        assert re.search(r"exposure level.*: ([\d.]+)", found)[1] == str(hardening(service).exposure)


@needs_analyze
def test_a_service_without_its_hardening_would_be_noticed(tmp_path: Path) -> None:
    unit = tmp_path / "daimon-ui.service"
    unit.write_text(written(tmp_path)["daimon-ui.service"].replace("IPAddressDeny=any\n", ""))
    assert verdict("security", "--offline=true", f"--threshold={OTHERS * 10:.0f}", str(unit))[0] != 0


def test_instances_run_beside_each_other_with_what_is_theirs(tmp_path: Path) -> None:
    units = written(tmp_path, "--instances", "llm=3", "memory=2")
    assert {"daimon-llm.service", "daimon-llm-2.service", "daimon-llm-3.service", "daimon-memory-2.service"} <= set(
        units
    )
    assert "CacheDirectory=%N" in units["daimon-llm-3.service"]
    assert "daimon-llm-3.service" in units["daimon.target"]


@pytest.mark.parametrize("given", ["gateway=2", "llm", "llm=0", "llm=x", "sandbox=2"])
def test_a_service_that_runs_once_cannot_be_many(
    tmp_path: Path, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["units", "--dir", str(tmp_path), "--instances", given])
    assert ended.value.code == 2
    assert "must be one of llm, memory, ui" in capsys.readouterr().err


def test_a_second_machine_runs_one_service_and_reaches_the_bus_of_the_first(tmp_path: Path) -> None:
    units = written(tmp_path, "--only", "llm", "--nats", "nats://10.1.2.3:4222", "--credentials", "/etc/daimon")
    assert set(units) == {"daimon-llm.service", "daimon.slice", "daimon-boxes.slice", "daimon.target"}
    found = lines(units["daimon-llm.service"])
    assert "LoadCredential=nats-password:/etc/daimon/llm" in found
    assert 'Environment="DAIMON_NATS_URL=nats://10.1.2.3:4222"' in found
    assert {"IPAddressAllow=", "IPAddressDeny="} <= found
    assert not any("daimon-nats" in line for line in found)


def test_a_cluster_elsewhere_gets_its_streams_from_here(tmp_path: Path) -> None:
    units = written(tmp_path, "--nats", "nats://10.0.0.1:4222,nats://10.0.0.2:4222", "--replicas", "3")
    assert "daimon-nats.service" not in units
    assert 'Environment="DAIMON_SETUP_REPLICAS=3"' in lines(units["daimon-setup.service"])
    assert "--url nats://10.0.0.1:4222,nats://10.0.0.2:4222" in units["daimon-prepare.service"]
    assert "IPAddressDeny=" in lines(units["daimon-tasks.service"])


def test_a_second_machine_without_a_bus_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["units", "--dir", str(tmp_path), "--only", "llm"]) == 1
    assert "say --nats URL" in capsys.readouterr().err


def test_settings_reach_their_service_as_they_were_written(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    servers = "http://127.0.0.1:1, http://10.0.0.9:1"
    settings.write_text(f'[llm]\nmodel = "100% \\"mine\\""\nollama = "{servers}"\n[gateway]\nport = 8500\n')
    units = written(tmp_path / "units", "--settings", str(settings))
    llm, gateway = lines(units["daimon-llm.service"]), lines(units["daimon-gateway.service"])
    assert 'Environment="DAIMON_LLM_MODEL=100%% \\"mine\\""' in llm
    # It is let out to the model server, and nobody else is.
    assert "IPAddressDeny=" in llm
    assert {"IPAddressDeny=any", 'Environment="DAIMON_GATEWAY_PORT=8500"'} <= gateway
    assert "--gateway http://127.0.0.1:8500" in units["daimon-prepare.service"]


@pytest.mark.parametrize(("backend", "let"), [("docker:runsc", True), ("docker", True), ("bwrap", False)])
def test_only_a_sandbox_of_containers_may_speak_to_their_engine(tmp_path: Path, backend: str, let: bool) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[sandbox]\nbackend = "{backend}"\n')
    units = written(tmp_path / "units", "--settings", str(settings))
    given = {name for name, unit in units.items() if "SupplementaryGroups=docker" in lines(unit)}
    assert given == ({"daimon-sandbox.service"} if let else set())


def test_a_database_elsewhere_is_not_started_here(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[memory]\ndatabase = "host=db.lan dbname=daimon"\nreader = "host=db.lan user=daimon_reader"\n')
    units = written(tmp_path / "units", "--settings", str(settings))
    assert "daimon-postgres.service" not in units
    assert "IPAddressDeny=" in lines(units["daimon-memory.service"])
    assert "SupplementaryGroups=daimon-memory" in lines(units["daimon-memory.service"])


def test_a_checkout_in_a_home_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_HIDDEN", (str(ROOT.parent),))
    assert cli.run(["units", "--dir", str(tmp_path)]) == 1
    assert "Clone Daimon into /opt/daimon" in capsys.readouterr().err
