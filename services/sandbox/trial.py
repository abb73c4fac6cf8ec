"""Whether a backend works here, found out by making a box for a moment."""

from __future__ import annotations

import tempfile
from pathlib import Path

from services.sandbox.box import Backend, BoxStartError, NoSandboxError

WITHIN = 10.0


def _folder(home: Path) -> tempfile.TemporaryDirectory[str]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryDirectory(dir=home, prefix="check-")


async def trial(backend: Backend, home: Path) -> str | None:
    """None when a box of this backend answers, else a sentence with what to do."""
    try:
        with _folder(home) as root:
            box = await backend.open(Path(root))
            try:
                ran = await box.run("echo works", timeout=WITHIN)
            finally:
                await box.close()
    except (NoSandboxError, BoxStartError) as error:
        return str(error)
    except OSError as error:
        return f"The sandbox cannot use {error.filename or home}: {error.strerror}."
    return None if ran.stdout == "works\n" else f"A box starts, but does not answer as it should: {ran.stderr}"
