# Evaluates the module with the settings of one case, in a NixOS of typed stand-ins, and shows what came of it.
#
#   nix-instantiate --eval --strict --json tests/nixos/evaluate.nix --argstr case '{"enable": true}'
#
# `lib` is nixpkgs' own where there is one, else the little of it in small-lib.nix.
{ lib ? import ./small-lib.nix, case }:

let
  inherit (lib) mkOption types;

  some = type: default: mkOption { inherit type default; };
  text = name: { type = "derivation"; inherit name; outPath = "/nix/store/00000000000000000000000000000000-${name}"; };
  services = builtins.attrNames (import ../../nixos/units.nix).services;
  daimon = text "daimon" // { passthru.services = builtins.listToAttrs (map (name: { inherit name; value = text "daimon-${name}"; }) services); };

  pkgs = {
    callPackage = _: _: daimon;
    nats-server = text "nats-server";
    bubblewrap = text "bubblewrap";
  };

  unit = types.submodule {
    options = {
      description = some types.str "";
      after = some (types.listOf types.str) [ ];
      wants = some (types.listOf types.str) [ ];
      requires = some (types.listOf types.str) [ ];
      partOf = some (types.listOf types.str) [ ];
      wantedBy = some (types.listOf types.str) [ ];
      path = some (types.listOf types.package) [ ];
      environment = some (types.attrsOf types.str) { };
      unitConfig = some (types.attrsOf types.anything) { };
      serviceConfig = some (types.attrsOf types.anything) { };
      sliceConfig = some (types.attrsOf types.anything) { };
    };
  };

  standIns = {
    options = {
      assertions = some (types.listOf types.anything) [ ];
      systemd.services = some (types.attrsOf unit) { };
      systemd.targets = some (types.attrsOf unit) { };
      systemd.slices = some (types.attrsOf unit) { };
      users.users = some (types.attrsOf types.anything) { };
      users.groups = some (types.attrsOf types.anything) { };
      environment.systemPackages = some (types.listOf types.package) [ ];
      environment.variables = some (types.attrsOf types.str) { };
      services.nats.enable = some types.bool false;
      services.nats.jetstream = some types.bool false;
      services.nats.dataDir = some types.path "/var/lib/nats";
      services.postgresql.enable = some types.bool false;
      services.postgresql.package = some types.package (text "postgresql");
      services.postgresql.extensions = some (types.functionTo (types.listOf types.anything)) (_: [ ]);
      services.postgresql.initdbArgs = some (types.listOf types.str) [ ];
      services.postgresql.authentication = some types.lines "";
      services.postgresql.identMap = some types.lines "";
      services.ollama.enable = some types.bool false;
      services.ollama.loadModels = some (types.listOf types.str) [ ];
    };
  };

  evaluated = lib.evalModules {
    modules = [ standIns ../../nixos/default.nix { services.daimon = builtins.fromJSON case; } ];
    specialArgs = { inherit pkgs; };
  };
  inherit (evaluated) config;
in
{
  failed = map (each: each.message) (builtins.filter (each: !each.assertion) config.assertions);
  units = config.systemd.services;
  targets = builtins.attrNames config.systemd.targets;
  nats = config.services.nats.enable;
  postgres = config.services.postgresql.enable;
  extensions = config.services.postgresql.extensions { pgvector = "pgvector"; };
  ollama = config.services.ollama;
  accounts = builtins.attrNames config.users.users;
}
