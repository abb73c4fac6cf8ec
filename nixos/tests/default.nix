# What `nix flake check` runs: the packages build, the module evaluates, and a person's day on a machine of its own.
{ self, pkgs }:

let
  inherit (pkgs) lib;
  packages = self.packages.${pkgs.stdenv.hostPlatform.system};

  # The same cases that tests/nixos/test_module.py has, by nixpkgs' own lib.
  evaluated = case: import ../../tests/nixos/evaluate.nix { inherit lib; case = builtins.toJSON case; };
  box = evaluated { enable = true; };
  second = evaluated { llm.enable = true; natsUrl = "nats://10.0.0.1:4222"; };
in
packages // {
  journey = pkgs.testers.runNixOSTest (import ./journey.nix { inherit self; });

  module = pkgs.runCommand "daimon-module" { } (
    assert box.failed == [ ];
    assert second.failed == [ ] && builtins.attrNames second.units == [ "daimon-llm" ];
    "touch $out"
  );

  # With nixpkgs' libraries; what needs servers and a browser is in the journey, and in .ci/run.
  tests = pkgs.runCommand "daimon-tests"
    {
      nativeBuildInputs = [
        (packages.default.passthru.withTests (python: [ python.pytest python.pytest-asyncio python.pytest-timeout ]))
      ];
    } ''
    cp -r ${self} source && chmod -R u+w source && cd source
    python -m pytest -p no:cacheprovider tests/unit tests/contract && touch $out
  '';

  lint = pkgs.runCommand "daimon-lint" { nativeBuildInputs = [ pkgs.ruff ]; } ''
    cd ${self} && ruff check --no-cache . && ruff format --no-cache --check . && touch $out
  '';
}
