"""The NixOS module, evaluated: with nixpkgs' own lib where NIXPKGS_LIB names one, else with the little kept here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from daimon.contract.options import settings
from services.runtime.units import table, unit_of
from tests.support.whole import ROOT

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="nix is not installed (nix-bin)")
LIBS = ["small", *(["nixpkgs"] if "NIXPKGS_LIB" in os.environ else [])]
ALL = {"daimon-" + name for name in ("database", "prepare", "setup", "migrate", *table().services)} | {"nats"}


@pytest.fixture(params=LIBS)
def lib(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """How nix finds the lib."""
    return ("--arg", "lib", f"import {os.environ['NIXPKGS_LIB']}") if request.param == "nixpkgs" else ()


def tried(lib: tuple[str, ...], **case: object) -> subprocess.CompletedProcess[str]:
    words = ("--eval", "--strict", "--json", str(HERE / "evaluate.nix"), *lib, "--argstr", "case", json.dumps(case))
    return subprocess.run(("nix-instantiate", *words), capture_output=True, text=True, check=False)


def evaluated(lib: tuple[str, ...], **case: object) -> dict[str, Any]:
    done = tried(lib, **case)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("path", sorted([*ROOT.glob("*.nix"), *ROOT.glob("nixos/**/*.nix"), *HERE.glob("*.nix")]))
def test_it_is_nix(path: Path) -> None:
    done = subprocess.run(("nix-instantiate", "--parse", str(path)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_line_is_a_whole_box(lib: tuple[str, ...]) -> None:
    box = evaluated(lib, enable=True)
    assert box["failed"] == []
    assert set(box["units"]) == ALL
    assert (box["nats"], box["postgres"], box["extensions"]) == (True, True, ["pgvector"])
    assert "daimon-memory" in box["accounts"]
    gateway = box["units"]["daimon-gateway"]
    assert gateway["serviceConfig"]["ExecStart"].endswith("daimon-gateway/bin/python -P -m services.gateway.main")
    assert gateway["serviceConfig"]["IPAddressDeny"] == "any"
    assert gateway["after"] == ["nats.service", "daimon-setup.service"]
    assert set(box["units"]["daimon-memory"]["after"]) >= {"postgresql.service", "daimon-database.service"}
    assert "--config %d/nats.conf" in box["units"]["nats"]["serviceConfig"]["ExecStart"]


def test_nothing_of_a_unit_is_lost_on_nixos(lib: tuple[str, ...]) -> None:
    box = evaluated(lib, enable=True)
    for name in table().services:
        row, unit = table().units[unit_of(name)], box["units"][f"daimon-{name}"]
        assert row.service.keys() <= unit["serviceConfig"].keys()
        assert row.environment.keys() <= unit["environment"].keys()
        assert "@" not in json.dumps({**unit, "serviceConfig": {**unit["serviceConfig"], "SystemCallFilter": []}})
        assert unit["serviceConfig"]["RestartSteps"] == 6


def test_nothing_is_there_until_it_is_enabled(lib: tuple[str, ...]) -> None:
    box = evaluated(lib, llm={"instances": 3})
    assert (box["units"], box["targets"], box["nats"], box["accounts"]) == ({}, [], False, [])


def test_every_setting_reaches_its_service(lib: tuple[str, ...]) -> None:
    other = {"string": "other", "integer": 7, "number": 7.5, "boolean": True}
    case = {
        service: {
            "settings": {
                name: setting.choices[-1] if setting.choices else other[setting.kind] for name, setting in found.items()
            }
        }
        for service, found in settings().items()
    }
    units = evaluated(lib, enable=True, **case)["units"]
    for service, found in settings().items():
        said = units[f"daimon-{service}"]["environment"]
        for name, setting in found.items():
            chosen = case[service]["settings"][name]
            if chosen != setting.default:
                assert said[f"DAIMON_{service}_{name}".upper()].startswith(str(chosen))


def test_a_second_machine_runs_what_it_is_told_and_nothing_else(lib: tuple[str, ...]) -> None:
    box = evaluated(lib, llm={"enable": True, "instances": 2}, natsUrl="nats://10.0.0.1:4222")
    assert box["failed"] == []
    assert set(box["units"]) == {"daimon-llm", "daimon-llm-2"}
    assert (box["nats"], box["postgres"]) == (False, False)
    llm = box["units"]["daimon-llm-2"]
    assert llm["environment"]["DAIMON_NATS_URL"] == "nats://10.0.0.1:4222"
    assert llm["serviceConfig"]["IPAddressDeny"] == ""


def test_the_instances_of_llm_are_spread_over_the_model_servers(lib: tuple[str, ...]) -> None:
    urls = ["http://10.0.0.5:11434", "http://10.0.0.6:11434"]
    box = evaluated(lib, enable=True, llm={"instances": 3}, ollama={"urls": urls})
    said = [
        box["units"][name]["environment"]["DAIMON_LLM_OLLAMA"]
        for name in ("daimon-llm", "daimon-llm-2", "daimon-llm-3")
    ]
    assert said == [urls[0], urls[1], urls[0]]


def test_a_model_server_of_its_own_is_told_what_to_fetch(lib: tuple[str, ...]) -> None:
    box = evaluated(lib, enable=True, ollama={"enable": True, "models": ["llama3.2"]})
    assert box["ollama"] == {"enable": True, "loadModels": ["llama3.2"]}
    assert box["units"]["daimon-llm"]["environment"]["DAIMON_LLM_MODEL"] == "llama3.2"


@pytest.mark.parametrize(("backend", "groups"), [("docker:runsc", ["docker"]), ("bwrap", None)])
def test_only_a_sandbox_of_containers_speaks_to_their_engine(
    lib: tuple[str, ...], backend: str, groups: list[str] | None
) -> None:
    box = evaluated(lib, enable=True, sandbox={"settings": {"backend": backend}})
    assert box["units"]["daimon-sandbox"]["serviceConfig"].get("SupplementaryGroups") == groups


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ({"llm": {"enable": True}}, "set services.daimon.natsUrl to the bus of the first machine"),
        ({"llm": {"enable": True}, "natsUrl": "10.0.0.1"}, "must begin with nats:// or tls://"),
        ({"enable": True, "natsUrl": "nats://me:secret@10.0.0.1"}, "natsUrl has a password in it"),
        ({"enable": True, "database": "host=db password=x", "reader": "host=db"}, "database has a password in it"),
        ({"enable": True, "database": "host=db"}, "are set together"),
        ({"enable": True, "credentialsDirectory": "/nix/store/keys"}, "is in the store"),
        ({"enable": True, "replicas": 3}, "needs a cluster"),
        ({"memory": {"enable": True}, "natsUrl": "nats://10.0.0.1"}, "needs services.daimon.database"),
        ({"enable": True, "gateway": {"settings": {"host": "0.0.0.0"}}}, "lets other machines in"),
        ({"enable": True, "gateway": {"settings": {"origin": "daimon.lan"}}}, "as browsers see it"),
        ({"enable": True, "ollama": {"enable": True, "urls": ["http://x:1"]}}, "choose one of them"),
        ({"enable": True, "ollama": {"urls": ["http://x:1", "http://y:1"]}}, "set llm.instances to 2 or more"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(lib: tuple[str, ...], case: dict[str, object], sentence: str) -> None:
    failed = evaluated(lib, **case)["failed"]
    assert len([each for each in failed if sentence in each]) == 1, failed


WRONG: tuple[dict[str, object], ...] = (
    {"gateway": {"settings": {"port": 70000}}},
    {"gateway": {"settings": {"prot": 80}}},
    {"llm": {"settings": {"num_ctx": "many"}}},
    {"llm": {"instances": 0}},
    {"gateway": {"instances": 2}},
    {"replicas": 2},
)

if "NIXPKGS_LIB" in os.environ:

    @pytest.mark.parametrize("case", WRONG)
    def test_a_value_of_the_wrong_kind_is_refused(case: dict[str, object]) -> None:
        """Types are checked by nixpkgs' own lib alone."""
        done = tried(("--arg", "lib", f"import {os.environ['NIXPKGS_LIB']}"), enable=True, **case)
        assert done.returncode != 0
        assert "services.daimon." in done.stderr
