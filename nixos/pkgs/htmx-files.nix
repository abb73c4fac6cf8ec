# htmx and its extensions as static files; the package declares Django, which nothing here imports.
{ buildPythonPackage, fetchPypi }:

buildPythonPackage rec {
  pname = "django-htmx";
  version = "1.29.0";
  format = "wheel";

  src = fetchPypi {
    pname = "django_htmx";
    inherit version format;
    dist = "py3";
    python = "py3";
    hash = "sha256-DsW+FkXtceZ4e9deAlBiTwAnSsO7FzDwe2YpqVaIkps=";
  };

  dontCheckRuntimeDeps = true;
}
