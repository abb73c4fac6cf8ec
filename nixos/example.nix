# A whole box: the bus, the database, a model server with a model, Daimon, TLS in front, a firewall, backups.
{ config, pkgs, ... }:

let
  domain = "daimon.example.org"; # yours
in
{
  services.daimon = {
    enable = true;
    ollama = {
      enable = true;
      models = [ "llama3.2" ];
    };
    gateway.settings.origin = "https://${domain}";
  };

  # TLS in front; nothing but nginx is reached from elsewhere.
  services.nginx = {
    enable = true;
    recommendedTlsSettings = true;
    virtualHosts.${domain} = {
      enableACME = true;
      forceSSL = true;
      locations."/" = {
        proxyPass = "http://127.0.0.1:${toString config.services.daimon.gateway.settings.port}";
        extraConfig = ''
          proxy_http_version 1.1;
          proxy_set_header Host $host;
          proxy_set_header Connection "";
          # Answers come piece by piece, for as long as the model takes.
          proxy_buffering off;
          proxy_read_timeout 1h;
          client_max_body_size 100m;
        '';
      };
    };
  };
  security.acme = {
    acceptTerms = true;
    defaults.email = "you@example.org"; # yours
  };
  networking.firewall = {
    enable = true;
    allowedTCPPorts = [ 80 443 ];
  };

  # Every night the database, the log of the bus and the boxes' files, kept a fortnight. Take the folder elsewhere, too.
  services.postgresqlBackup = {
    enable = true;
    databases = [ "daimon" ];
    location = "/var/backup/daimon/postgresql";
  };
  systemd.services.daimon-backup = {
    description = "Daimon: backup of the log and of files";
    startAt = "03:30";
    path = [ pkgs.gnutar pkgs.zstd pkgs.findutils ];
    serviceConfig = {
      Type = "oneshot";
      UMask = "0077";
      StateDirectory = "daimon-backup";
    };
    # What is written meanwhile is in the next one; the log of the bus is only appended to.
    script = ''
      tar --create --zstd --warning=no-file-changed --file "$STATE_DIRECTORY/$(date +%F).tar.zst" \
        --directory /var/lib daimon nats private/daimon-sandbox || [ $? = 1 ]
      find "$STATE_DIRECTORY" -name '*.tar.zst' -mtime +14 -delete
    '';
  };

  # yours: the disks and the boot loader of your machine, as `nixos-generate-config` writes them.
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };
  boot.loader.grub.device = "/dev/sda";

  system.stateVersion = "25.11";
}
