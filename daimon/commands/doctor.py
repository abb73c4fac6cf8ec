"""`daimon doctor`: say what is missing and how to put it right."""

from __future__ import annotations

import argparse
import asyncio
import sys

import msgspec

from daimon import doctor
from daimon.commands import add_home
from daimon.doctor import Finding
from daimon.up.home import Home

_SIGNS = {"ok": "ok ", "note": "-  ", "missing": "NO "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_home(parser)
    parser.add_argument("--json", action="store_true", help="print it for programs")


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; exits 1 when something is missing."""
    findings = asyncio.run(doctor.examine(Home(path=arguments.home.expanduser().absolute())))
    text = msgspec.json.encode(findings).decode() if arguments.json else "\n".join(map(readable, findings))
    sys.stdout.write(f"{text}\n")
    return int(any(finding.verdict == "missing" for finding in findings))


def readable(finding: Finding) -> str:
    """Return the line, and below it the cure."""
    line = f"{_SIGNS[finding.verdict]} {finding.name:<10}{finding.found}"
    return f"{line}\n{'':<14}{finding.cure}" if finding.cure else line
