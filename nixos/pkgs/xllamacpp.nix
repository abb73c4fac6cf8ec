# llama.cpp as a Python module: the embedding model runs on it. nixpkgs has llama.cpp as a program alone, so this is the wheel
# that requirements/run.lock names.
{ lib, stdenv, buildPythonPackage, fetchPypi, autoPatchelfHook }:

let
  wheels = {
    x86_64-linux = {
      platform = "manylinux2014_x86_64.manylinux_2_17_x86_64";
      hash = "sha256-xU59E1IOzJicY9yZ1V3jBl4vNDqR9D8FPRa15iB3wmE=";
    };
    aarch64-linux = {
      platform = "manylinux2014_aarch64.manylinux_2_17_aarch64";
      hash = "sha256-4qPnnndVFd5K0ZfmZ/h0BwRG75rJzyBEvJhmvExyKJ4=";
    };
  };
in
buildPythonPackage rec {
  pname = "xllamacpp";
  version = "2026.10.11549";
  format = "wheel";

  src = fetchPypi {
    inherit pname version format;
    inherit (wheels.${stdenv.hostPlatform.system} or (throw "Daimon runs on x86_64-linux and aarch64-linux.")) platform hash;
    dist = "cp310";
    python = "cp310";
    abi = "abi3";
  };

  nativeBuildInputs = [ autoPatchelfHook ];
  buildInputs = [ (lib.getLib stdenv.cc.cc) ];

  pythonImportsCheck = [ "xllamacpp" ];

  meta.platforms = builtins.attrNames wheels;
}
