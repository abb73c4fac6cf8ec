# services.daimon: a whole box with one line, or some of its services on a machine of their own.
#
# What each unit is stands in units.nix; what each service can be told stands in settings.json, which `daimon contract`
# writes from the services' own settings. Here both become options and systemd.services.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkIf mkOption types;

  cfg = config.services.daimon;
  rows = import ./units.nix;
  told = lib.importJSON ./settings.json;
  names = builtins.attrNames rows.services;

  localBus = cfg.natsUrl == null;
  localDatabase = cfg.memory.enable && cfg.database == null;
  natsUrl = if localBus then "nats://127.0.0.1:4222" else cfg.natsUrl;
  home = "/var/lib/daimon";

  # Options ----------------------------------------------------------------------------------------------------------

  kinds = {
    string = types.str;
    boolean = types.bool;
    number = types.number;
    integer = types.int;
  };

  typeOf = setting:
    if setting ? choices then types.enum setting.choices
    else if setting.kind == "integer" && setting ? least && setting ? most then types.ints.between setting.least setting.most
    else kinds.${setting.kind};

  settingOption = setting: mkOption {
    type = typeOf setting;
    default = setting.default;
    description = setting.what;
  };

  serviceOptions = name: {
    enable = mkOption {
      type = types.bool;
      default = cfg.enable;
      defaultText = lib.literalExpression "config.services.daimon.enable";
      description = "Whether ${rows.units."daimon-${name}.service".Unit.Description} runs on this machine.";
    };
    package = mkOption {
      type = types.package;
      default = cfg.package.passthru.services.${name};
      defaultText = lib.literalExpression "config.services.daimon.package.passthru.services.${name}";
      description = "The Python with what this service needs, and no more.";
    };
    settings = builtins.mapAttrs (_: settingOption) told.${name};
  } // lib.optionalAttrs rows.services.${name}.many {
    instances = mkOption {
      type = types.ints.between 1 99;
      default = 1;
      description = "How many of them run beside each other and share the work.";
    };
  };

  # Units ------------------------------------------------------------------------------------------------------------

  # On NixOS the bus and the database are units of nixpkgs.
  ours = {
    "daimon-nats.service" = lib.optional localBus "nats.service";
    "daimon-postgres.service" = lib.optionals localDatabase [ "postgresql.service" "daimon-database.service" ];
  };
  others = lib.concatMap (unit: ours.${unit} or [ unit ]);

  places = package: {
    "@python@" = "${package}/bin/python -P";
    "@nats-url@" = natsUrl;
    "@credentials@" = cfg.credentialsDirectory;
    "@prepare@" = lib.concatStringsSep " " [
      "--home" home "--store" config.services.nats.dataDir "--listen" cfg.listen "--url" natsUrl "--gateway" gateway
      "--database" "\"${database}\""
    ];
    "@database-group@" = "daimon-memory";
    "@database@" = database;
    "@pg-dump@" = "${config.services.postgresql.package}/bin/pg_dump";
    "@reader@" = if cfg.reader == null then "host=/run/postgresql user=daimon_reader dbname=daimon" else cfg.reader;
    "@replicas@" = toString cfg.replicas;
  };

  database = if cfg.database == null then "host=/run/postgresql user=daimon_memory dbname=daimon" else cfg.database;

  gateway =
    let own = cfg.gateway.settings;
    in if own.origin != "" then own.origin else "http://127.0.0.1:${toString own.port}";

  fill = package: value:
    let known = places package;
    in if builtins.isString value then builtins.replaceStrings (builtins.attrNames known) (builtins.attrValues known) value
    else if builtins.isList value then map (fill package) value
    else value;

  unit = package: row: more: {
    description = row.Unit.Description;
    after = others (row.Unit.After or [ ]);
    wants = others (row.Unit.Wants or [ ]);
    partOf = row.Unit.PartOf or [ ];
    wantedBy = [ "daimon.target" ];
    unitConfig = removeAttrs row.Unit [ "Description" "After" "Wants" "PartOf" ];
    serviceConfig = lib.mapAttrs (_: fill package) (row.Service // lib.optionalAttrs (row.Service ? Restart) rows.since."254")
      // (more.serviceConfig or { });
    environment = lib.mapAttrs (_: fill package) (row.environment or { }) // (more.environment or { });
  } // removeAttrs more [ "serviceConfig" "environment" ];

  isNear = place: builtins.match ".*(127\\.0\\.0\\.1|localhost|\\[::1]|host=/).*" place != null;

  # What a setting is called in the environment of its service; only those that differ are said.
  saidTo = name: lib.mapAttrs' (field: value: lib.nameValuePair (lib.toUpper "daimon_${name}_${field}") (toText value))
    (lib.filterAttrs (field: value: value != told.${name}.${field}.default) cfg.${name}.settings);
  toText = value: if builtins.isBool value then lib.boolToString value else lib.replaceStrings [ "%" ] [ "%%" ] (toString value);

  # Turns are spread over the model servers: each instance has its own.
  modelOf = number:
    if cfg.ollama.urls == [ ] then { }
    else { DAIMON_LLM_OLLAMA = builtins.elemAt cfg.ollama.urls (lib.mod (number - 1) (builtins.length cfg.ollama.urls)); };

  reaches = name: lib.concatMap
    (kind: {
      nats = lib.splitString "," natsUrl;
      ollama = cfg.ollama.urls ++ lib.optionals (lib.hasInfix "://" cfg.llm.settings.ollama) (lib.splitString "," cfg.llm.settings.ollama);
      database = lib.optional (cfg.database != null) cfg.database;
    }.${kind})
    rows.services.${name}.reaches;

  letOut = name: row:
    if row.Service.IPAddressAllow == "localhost" && !(lib.all isNear (reaches name))
    then { IPAddressAllow = ""; IPAddressDeny = ""; }
    else { };

  instance = name: number:
    let row = rows.units."daimon-${name}.service";
    in lib.nameValuePair (if number == 1 then "daimon-${name}" else "daimon-${name}-${toString number}") (unit cfg.${name}.package row {
      serviceConfig = letOut name row
        // lib.optionalAttrs (name == "sandbox" && lib.hasPrefix "docker" cfg.sandbox.settings.backend) rows.docker;
      environment = saidTo name // lib.optionalAttrs (name == "llm") (modelOf number);
      path = lib.optional (name == "sandbox") pkgs.bubblewrap;
    });

  instances = name: lib.genList (index: instance name (index + 1)) (cfg.${name}.instances or 1);

  helper = name: lib.nameValuePair "daimon-${name}" (unit cfg.package rows.units."daimon-${name}.service" { });

  migrate =
    let row = rows.units."daimon-migrate.service";
    in lib.nameValuePair "daimon-migrate" (unit cfg.memory.package row {
      serviceConfig = letOut "memory" row;
      environment = saidTo "memory";
    });

  psql = "${config.services.postgresql.package}/bin/psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1";
in
{
  options.services.daimon = lib.genAttrs names serviceOptions // {
    enable = lib.mkEnableOption "Daimon, a local assistant: the bus, the database and every service";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "Daimon with its command line; its `passthru.services` are the services' own closures.";
    };

    natsUrl = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "nats://10.0.0.1:4222";
      description = "The bus of another machine, or several addresses of a cluster with commas; null runs one here.";
    };

    listen = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = "Where the bus that runs here listens. Anything but loopback belongs behind a private network.";
    };

    replicas = mkOption {
      type = types.enum [ 1 3 5 ];
      default = 1;
      description = "On how many servers of a NATS cluster each stream is kept.";
    };

    credentialsDirectory = mkOption {
      type = types.str;
      default = "${home}/credentials";
      description = "One file a service, which holds its password on the bus. The first machine makes them; a second one needs a copy of its services' own.";
    };

    database = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "host=db.example.org user=daimon_memory dbname=daimon passfile=/run/keys/daimon-pgpass";
      description = "How the memory service reaches a Postgres elsewhere, as a libpq connection string without a password; null runs one here, reached over its socket as the account the kernel says.";
    };

    reader = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The same for the role that runs people's SQL.";
    };

    ollama = {
      enable = lib.mkEnableOption "an Ollama server on this machine";
      models = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "llama3.2" ];
        description = "Models it fetches; the first is the one to talk to, unless llm.settings.model names another.";
      };
      urls = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "http://10.0.0.5:11434" "http://10.0.0.6:11434" ];
        description = "Ollama servers elsewhere; the instances of llm are spread over them.";
      };
    };
  };

  config = mkIf (lib.any (name: cfg.${name}.enable) names) {
    assertions = import ./assertions.nix { inherit lib cfg names localBus isNear; };

    systemd.targets.daimon = {
      description = rows.units."daimon.target".Unit.Description;
      wantedBy = [ "multi-user.target" ];
    };

    systemd.slices = {
      daimon.sliceConfig = rows.units."daimon.slice".Slice;
      daimon-boxes.sliceConfig = rows.units."daimon-boxes.slice".Slice;
    };

    systemd.services = lib.mkMerge [
      (lib.listToAttrs (lib.concatMap instances (builtins.filter (name: cfg.${name}.enable) names)))
      (mkIf cfg.enable (lib.listToAttrs (map helper [ "prepare" "setup" ])))
      (mkIf cfg.memory.enable (lib.listToAttrs [ migrate ]))
      (mkIf (cfg.enable && localBus) {
        nats = {
          after = [ "daimon-prepare.service" ];
          wants = [ "daimon-prepare.service" ];
          serviceConfig = {
            # Its passwords must not be in the store, so it reads what daimon-prepare wrote: the same JetStream directory,
            # synced to the disk on each acknowledgement, and for each user the rights of the contract.
            ExecStart = lib.mkForce "${pkgs.nats-server}/bin/nats-server --config %d/nats.conf";
            LoadCredential = "nats.conf:${cfg.credentialsDirectory}/nats.conf";
          };
        };
      })
      (mkIf localDatabase {
        daimon-database = {
          description = "Daimon: roles and database";
          after = [ "postgresql.service" ];
          requires = [ "postgresql.service" ];
          wantedBy = [ "daimon.target" ];
          serviceConfig = {
            Type = "oneshot";
            RemainAfterExit = true;
            User = "postgres";
            ExecStart = [
              "${psql} --file=${../daimon/up/sql/database.sql} --dbname=postgres"
              "${psql} --file=${../services/memory/sql/superuser.sql} --dbname=daimon"
            ];
          };
        };
      })
    ];

    users = mkIf cfg.memory.enable {
      users.daimon-memory = {
        isSystemUser = true;
        group = "daimon-memory";
        description = rows.users.daimon-memory;
      };
      groups.daimon-memory = { };
    };

    services.nats = mkIf (cfg.enable && localBus) {
      enable = true;
      jetstream = true;
    };

    services.postgresql = mkIf localDatabase {
      enable = true;
      extensions = postgres: [ postgres.pgvector ];
      initdbArgs = [ "--data-checksums" ];
      # The kernel says who is at the other end of the socket; these accounts may take these roles.
      authentication = "local daimon all peer map=daimon";
      identMap = ''
        daimon postgres postgres
        daimon daimon-memory daimon_memory
        daimon daimon-memory daimon_reader
        daimon root daimon_memory
      '';
    };

    services.ollama = mkIf cfg.ollama.enable {
      enable = true;
      loadModels = cfg.ollama.models;
    };

    services.daimon.llm.settings.model = mkIf (cfg.ollama.enable && cfg.ollama.models != [ ])
      (lib.mkDefault (builtins.head cfg.ollama.models));

    environment.systemPackages = [ cfg.package ];
    environment.variables.DAIMON_HOME = home;
  };
}
