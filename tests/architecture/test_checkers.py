"""The type checker and the linter have nothing to say, and the tree speaks of the project alone."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.architecture.source import ROOT, tracked

MACHINE_PATH = re.compile(r"(?<![\w./-])/(work|farm|root)/")
DOWNLOAD = re.compile(r"https?://\S+\.(whl|tar\.gz|tgz|deb)\b")
REGISTRIES = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|crates\.io|deb\.debian", re.IGNORECASE)


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_is_content():
    assert run("ruff", "check", ".") == ""
    assert run("ruff", "format", "--check", ".") == ""


def test_mypy_is_content():
    assert run("mypy") == ""


def test_no_file_names_a_machine_or_a_download():
    own = ROOT / "tests" / "architecture" / "test_checkers.py"
    for path in tracked():
        if path == own or path.suffix in {".png", ".jpg", ".ico", ".woff2"}:
            continue
        text = path.read_text(errors="replace")
        for pattern in (MACHINE_PATH, DOWNLOAD, REGISTRIES):
            assert not pattern.search(text), f"{path.relative_to(ROOT)}: {pattern.search(text)}"
