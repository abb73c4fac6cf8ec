{
  description = "Daimon, a local assistant that lives in the program it serves";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [ "x86_64-linux" "aarch64-linux" ];
      each = make: lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
    in
    {
      # The whole with its command line, and each service with what it needs and no more: daimon-gateway, daimon-llm, …
      packages = each (pkgs:
        let daimon = pkgs.callPackage ./nixos/package.nix { };
        in { inherit daimon; default = daimon; }
          // lib.mapAttrs' (name: lib.nameValuePair "daimon-${name}") daimon.passthru.services);

      apps = each (pkgs: {
        default = {
          type = "app";
          program = "${pkgs.writeShellScript "daimon-up" ''
            exec ${self.packages.${pkgs.stdenv.hostPlatform.system}.default}/bin/daimon up "$@"
          ''}";
          meta.description = "Start Daimon for yourself, with a bus and a database of its own";
        };
      });

      devShells = each (pkgs: {
        default = pkgs.mkShellNoCC {
          packages = with pkgs; [ uv python3 bubblewrap chromium docker-client systemd ];
          shellHook = ''echo "bin/daimon up starts Daimon, bin/daimon test --fast checks it"'';
        };
      });

      checks = each (pkgs: import ./nixos/tests { inherit self pkgs; });

      overlays.default = final: _: { daimon = final.callPackage ./nixos/package.nix { }; };

      nixosModules.default = ./nixos;

      # A whole box to begin with: `nixos-rebuild switch --flake .#example` after the lines marked `yours`.
      nixosConfigurations.example = lib.nixosSystem {
        system = "x86_64-linux";
        modules = [ self.nixosModules.default ./nixos/example.nix ];
      };
    };
}
