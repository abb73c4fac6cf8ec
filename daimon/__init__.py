"""The `daimon` command, the embedded stack behind `daimon up`, and the Python client."""

__version__ = "0.1.0"
