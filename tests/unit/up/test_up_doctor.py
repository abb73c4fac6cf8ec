"""What doctor says about a model server that does not answer."""

from __future__ import annotations

from pathlib import Path

from daimon import doctor
from daimon.up import ports
from daimon.up.home import Home


async def test_a_chosen_ollama_that_is_silent_means_errors_in_chat(tmp_path: Path) -> None:
    home = Home(path=tmp_path)
    home.overrides.write_text(f'[llm]\nollama = "http://127.0.0.1:{ports.free()}"\n')
    (found,) = [finding for finding in await doctor.examine(home) if finding.name == "ollama"]
    assert "Chat answers with this error until it is started" in found.cure
    assert str(home.overrides) in found.cure
