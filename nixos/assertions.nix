# What cannot work, in sentences that say what to set.
{ lib, cfg, names, localBus, isNear }:

let
  running = builtins.filter (name: cfg.${name}.enable) names;
  first = builtins.head running;
  own = cfg.gateway.settings;
  urls = lib.optionals (!localBus) (lib.splitString "," cfg.natsUrl);
  elsewhere = host: !(isNear host || host == "::1");
in
[
  {
    assertion = cfg.enable || !localBus;
    message = "services.daimon.${first} runs on this machine, but no bus does: set services.daimon.natsUrl to the bus of the first machine, or services.daimon.enable to run all of it here.";
  }
  {
    assertion = lib.all (url: lib.hasPrefix "nats://" url || lib.hasPrefix "tls://" url) urls;
    message = "services.daimon.natsUrl must begin with nats:// or tls://, such as nats://10.0.0.1:4222.";
  }
  {
    assertion = lib.all (url: builtins.match ".*@.*" url == null) urls;
    message = "services.daimon.natsUrl has a password in it, which everybody could read in the store: put it into a file of services.daimon.credentialsDirectory.";
  }
  {
    assertion = cfg.database == null || builtins.match ".*(password=|:[^/@]+@).*" cfg.database == null;
    message = "services.daimon.database has a password in it, which everybody could read in the store: name a file with passfile=.";
  }
  {
    assertion = !lib.hasPrefix builtins.storeDir cfg.credentialsDirectory;
    message = "services.daimon.credentialsDirectory is in the store, where everybody may read: choose a directory that is only root's.";
  }
  {
    assertion = cfg.replicas == 1 || builtins.length urls > 1;
    message = "services.daimon.replicas = ${toString cfg.replicas} needs a cluster: name its servers in services.daimon.natsUrl, with commas.";
  }
  {
    assertion = cfg.enable || !cfg.memory.enable || cfg.database != null;
    message = "services.daimon.memory on a machine of its own needs services.daimon.database, the Postgres it shares with the first.";
  }
  {
    assertion = (cfg.database == null) == (cfg.reader == null);
    message = "services.daimon.database and services.daimon.reader are set together: one for the owner, one for the role that only reads.";
  }
  {
    assertion = !(cfg.gateway.enable && elsewhere own.host && own.origin == "");
    message = "services.daimon.gateway.settings.host lets other machines in: say in gateway.settings.origin where browsers find it, and put TLS in front.";
  }
  {
    assertion = own.origin == "" || lib.hasPrefix "https://" own.origin || lib.hasPrefix "http://" own.origin;
    message = "services.daimon.gateway.settings.origin must be an address as browsers see it, such as https://daimon.example.org.";
  }
  {
    assertion = !(cfg.ollama.enable && cfg.ollama.urls != [ ]);
    message = "services.daimon.ollama.enable runs a model server here, and ollama.urls names others: choose one of them.";
  }
  {
    assertion = builtins.length cfg.ollama.urls <= cfg.llm.instances;
    message = "services.daimon.ollama.urls names more servers than services.daimon.llm.instances would use: set llm.instances to ${toString (builtins.length cfg.ollama.urls)} or more.";
  }
]
