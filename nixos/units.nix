# What each unit is, in systemd's own words: one row a unit, one hardening block, builtins only.
#
# Two readers fill the places marked @like-this@: nixos/default.nix makes systemd.services of the rows, and `daimon units`
# renders them to unit files for every other Linux. `daimon units` reads services/runtime/units.json, which is this file
# evaluated; tests/nixos/test_units_data.py fails when it is not current.
let
  # Everything a loopback service can do without. A row takes back what it needs, with the reason beside it.
  hardening = {
    CapabilityBoundingSet = "";
    AmbientCapabilities = "";
    DevicePolicy = "closed";
    IPAddressAllow = "localhost";
    IPAddressDeny = "any";
    KeyringMode = "private";
    LockPersonality = true;
    MemoryDenyWriteExecute = true;
    NoNewPrivileges = true;
    PrivateDevices = true;
    PrivateTmp = true;
    PrivateUsers = true;
    ProcSubset = "pid";
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHome = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectProc = "invisible";
    ProtectSystem = "strict";
    RemoveIPC = true;
    RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" ];
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    SystemCallArchitectures = "native";
    SystemCallErrorNumber = "EPERM";
    SystemCallFilter = [ "@system-service" "~@privileged @resources" ];
    UMask = "0077";
  };

  # Every address but those of the own link, where clouds hand out a machine's secrets, of many at once, and reserved ones.
  beyondTheLink = [
    "localhost" "1.0.0.0/8" "2.0.0.0/7" "4.0.0.0/6" "8.0.0.0/5" "16.0.0.0/4" "32.0.0.0/3" "64.0.0.0/2" "128.0.0.0/3"
    "160.0.0.0/5" "168.0.0.0/8" "169.0.0.0/9" "169.128.0.0/10" "169.192.0.0/11" "169.224.0.0/12" "169.240.0.0/13"
    "169.248.0.0/14" "169.252.0.0/15" "169.255.0.0/16" "170.0.0.0/7" "172.0.0.0/6" "176.0.0.0/4" "192.0.0.0/3"
    "2000::/3" "fc00::/7"
  ];

  # A unit that ends by itself has a reason; it is started again at once, and slower each time where systemd can (254).
  again = {
    Restart = "on-failure";
    RestartSec = "300ms";
    # EX_CONFIG: a wrong setting does not mend itself.
    RestartPreventExitStatus = 78;
  };

  part = {
    PartOf = [ "daimon.target" ];
    # Nothing is given up: the bus or the disk may be away for long.
    StartLimitIntervalSec = 0;
  };

  # Lasts until the target is stopped, so it runs once a start of everything.
  once = description: after: more: {
    Unit = part // { Description = description; After = after; Wants = after; };
    Service = hardening // {
      Type = "oneshot";
      RemainAfterExit = true;
      Slice = "daimon.slice";
    } // more;
  };

  # What speaks to the database: it is known there by its account, over the socket.
  ofDatabase = {
    DynamicUser = false;
    User = "daimon-memory";
    SupplementaryGroups = [ "@database-group@" ];
    # Copies of the database, made before its schema changes.
    StateDirectory = "daimon-memory";
    StateDirectoryMode = "0700";
  };
  database = {
    DAIMON_MEMORY_DATABASE = "@database@";
    DAIMON_MEMORY_READER = "@reader@";
    DAIMON_MEMORY_BACKUPS = "%S/daimon-memory/backups";
    DAIMON_MEMORY_PG_DUMP = "@pg-dump@";
  };

  # A service of Daimon: says when it serves, proves that it lives, and ends by itself when told.
  service = name: description: more: {
    Unit = part // {
      Description = "Daimon: ${description}";
      After = [ "daimon-nats.service" "daimon-setup.service" ] ++ (more.after or [ ]);
      Wants = [ "daimon-nats.service" "daimon-setup.service" ] ++ (more.after or [ ]);
    };
    Service = hardening // again // {
      Type = "notify";
      ExecStart = "@python@ -m services.${name}.main";
      WatchdogSec = 30;
      TimeoutStartSec = 90;
      # Told to stop, it ends what it has begun; its children are told when its time is over.
      KillMode = "mixed";
      TimeoutStopSec = 10;
      DynamicUser = true;
      LoadCredential = "nats-password:@credentials@/${name}";
      Slice = "daimon.slice";
      MemoryMax = "1G";
      TasksMax = 128;
      LimitNOFILE = 65536;
    } // (more.service or { });
    environment = { DAIMON_NATS_URL = "@nats-url@"; DAIMON_NATS_USER = name; } // (more.environment or { });
  };
in
{
  # The version of systemd from which a setting is known, and what is said then to every unit that is started again.
  since."254" = { RestartSteps = 6; RestartMaxDelaySec = "20s"; };

  # Accounts that have to be the same at each start: the database knows people by their names.
  users = { daimon-postgres = "Daimon's database"; daimon-memory = "Daimon's memory service"; };

  # What the sandbox gets when it is told to have containers hold the boxes, and only then: who may speak to that engine can do
  # what root can.
  docker = { SupplementaryGroups = [ "docker" ]; };

  # The services of Daimon: how often each may run beside itself, and what it speaks to beyond its own machine.
  services = {
    gateway = { many = false; reaches = [ "nats" ]; };
    ghost = { many = false; reaches = [ "nats" ]; };
    llm = { many = true; reaches = [ "nats" "ollama" ]; };
    memory = { many = true; reaches = [ "nats" "database" ]; };
    sandbox = { many = false; reaches = [ "nats" ]; };
    tasks = { many = false; reaches = [ "nats" ]; };
    ui = { many = true; reaches = [ "nats" ]; };
    undo = { many = false; reaches = [ "nats" ]; };
  };

  units = {
    "daimon.target" = {
      Unit = { Description = "Daimon, a local assistant"; Wants = [ "@units@" ]; };
      Install = { WantedBy = [ "multi-user.target" ]; };
    };

    "daimon.slice" = {
      Unit = { Description = "Daimon's services"; };
      Slice = { CPUWeight = 100; };
    };

    # What the model runs gives way to those who talk with it, and cannot take the machine's memory.
    "daimon-boxes.slice" = {
      Unit = { Description = "Daimon's sandboxes"; };
      Slice = { CPUWeight = 50; MemoryMax = "50%"; };
    };

    # Makes the passwords and nats.conf, which names them with the rights of the contract. Root, for only root may read them.
    "daimon-prepare.service" = once "Daimon: passwords and rights" [ ] {
      ExecStart = "@python@ -m daimon.units.prepare @prepare@";
      StateDirectory = "daimon";
      StateDirectoryMode = "0700";
      # It talks to nobody.
      PrivateNetwork = true;
    };

    "daimon-nats.service" = {
      Unit = part // {
        Description = "Daimon: the bus";
        After = [ "daimon-prepare.service" "network.target" ];
        Wants = [ "daimon-prepare.service" ];
      };
      Service = hardening // again // {
        Type = "exec";
        ExecStart = "@nats-server@ --config %d/nats.conf";
        # Its grace for clients that move to another server; ours come back to this one.
        KillSignal = "SIGTERM";
        TimeoutStopSec = 10;
        DynamicUser = true;
        LoadCredential = "nats.conf:@credentials@/nats.conf";
        StateDirectory = "daimon-nats";
        StateDirectoryMode = "0700";
        Slice = "daimon.slice";
        MemoryMax = "2G";
        LimitNOFILE = 65536;
      };
    };

    "daimon-postgres.service" = {
      Unit = part // { Description = "Daimon: the database"; After = [ "network.target" ]; };
      Service = hardening // again // {
        Type = "exec";
        ExecStart = "@python@ -m daimon.units.database --data %S/%N/data --sockets %t/%N";
        # Active once the database is there.
        ExecStartPost = "@python@ -m daimon.units.database --data %S/%N/data --sockets %t/%N --settle";
        TimeoutStartSec = 300;
        # A fast end: it does not wait for every connection.
        KillSignal = "SIGINT";
        KillMode = "mixed";
        TimeoutStopSec = 30;
        User = "daimon-postgres";
        StateDirectory = "daimon-postgres";
        StateDirectoryMode = "0700";
        RuntimeDirectory = "daimon-postgres";
        RuntimeDirectoryMode = "0750";
        # It asks the kernel who is at the other end, and a namespace of users of its own would not know.
        PrivateUsers = false;
        # Shared memory between its processes lies there, and belongs to a user with a name.
        RemoveIPC = false;
        RestrictAddressFamilies = [ "AF_UNIX" ];
        PrivateNetwork = true;
        Slice = "daimon.slice";
        MemoryMax = "4G";
        LimitNOFILE = 65536;
      };
    };

    # Streams, consumers and buckets as this version wants them.
    "daimon-setup.service" = (once "Daimon: streams of the bus" [ "daimon-prepare.service" "daimon-nats.service" ] {
      ExecStart = "@python@ -m services.runtime.setup";
      DynamicUser = true;
      LoadCredential = "nats-password:@credentials@/setup";
      Restart = "on-failure";
      RestartSec = "1s";
    }) // { environment = { DAIMON_NATS_URL = "@nats-url@"; DAIMON_NATS_USER = "setup"; DAIMON_SETUP_REPLICAS = "@replicas@"; }; };

    # Whoever waits for a page is somebody; it does not wait for what else starts or works.
    "daimon-gateway.service" = service "gateway" "pages and HTTP" { service.CPUWeight = 400; };

    "daimon-ui.service" = service "ui" "view data to HTML" { service.CPUWeight = 400; };

    "daimon-tasks.service" = service "tasks" "the task list" { };

    "daimon-ghost.service" = service "ghost" "the next action, learnt and offered" { };

    "daimon-undo.service" = service "undo" "undo and redo" { };

    "daimon-llm.service" = service "llm" "turns and embeddings" {
      service = {
        CacheDirectory = "%N";
        MemoryMax = "4G";
      };
      environment = { DAIMON_LLM_MODELS_DIR = "%C/%N"; };
    };

    # A copy of the database, then what its schema lacks. Where this fails, memory says why, and all else goes on.
    "daimon-migrate.service" = (once "Daimon: the database's schema" [ "daimon-postgres.service" ] (ofDatabase // {
      ExecStart = "@python@ -m services.memory.migrate";
      TimeoutStartSec = "infinity";
    })) // { environment = database; };

    "daimon-memory.service" = service "memory" "the log in SQL and vectors" {
      after = [ "daimon-postgres.service" "daimon-migrate.service" ];
      service = ofDatabase;
      environment = database;
    };

    "daimon-sandbox.service" = service "sandbox" "Linux boxes" {
      service = {
        StateDirectory = "%N";
        Slice = "daimon-boxes.slice";
        # A group for each box below its own, where the kernel counts and limits it.
        Delegate = "memory pids";
        ReadWritePaths = "-/sys/fs/cgroup/daimon.slice/daimon-boxes.slice/%n";
        MemoryMax = "infinity";
        TasksMax = 16384;
        # Boxes reach public addresses through its proxy, which refuses private ones; names may be looked up at one.
        IPAddressAllow = beyondTheLink;
        # bwrap tells the kernel over netlink to bring up a box's own loopback interface.
        RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" "AF_NETLINK" ];
        # bwrap makes namespaces of users, mounts, processes, network, IPC, names and groups for each box, mounts in them,
        # names them, and gives up its capabilities in them.
        RestrictNamespaces = "user mnt pid net ipc uts cgroup";
        SystemCallFilter = [ "@system-service" "@mount" "sethostname" "capset" "~@resources" ];
        ProtectHostname = false;
        PrivateMounts = true;
        # The kernel lets a box have a /proc of its own only where nothing of ours is covered.
        ProcSubset = "all";
        ProtectKernelTunables = false;
        ProtectKernelLogs = false;
        # People run just-in-time compilers in boxes.
        MemoryDenyWriteExecute = false;
      };
      environment = { DAIMON_SANDBOX_HOME = "%S/%N"; };
    };
  };
}
