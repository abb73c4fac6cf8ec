"""The owner's settings.toml."""

from pathlib import Path

import pytest

from daimon.up import overrides
from daimon.up.errors import OverrideError

SERVICES = ("llm", "gateway")


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert overrides.read(tmp_path / "settings.toml", SERVICES) == {}


def test_values_become_the_text_that_an_environment_holds(tmp_path: Path) -> None:
    path = written(tmp_path, '[llm]\nollama = "http://box:11434"\nnum_ctx = 4096\n[gateway]\nopen = true\n')
    assert overrides.read(path, SERVICES) == {
        "llm": {"ollama": "http://box:11434", "num_ctx": "4096"},
        "gateway": {"open": "true"},
    }


def test_a_table_in_a_table_is_a_group_of_settings(tmp_path: Path) -> None:
    path = written(tmp_path, "[llm]\nnum_ctx = 4096\n[llm.limits]\nmemory = 5\n")
    assert overrides.read(path, SERVICES) == {"llm": {"num_ctx": "4096", "limits_memory": "5"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lmm]\n", "`lmm`, which is no service; it may have [llm], [gateway]"),
        ("llm = 3\n", "must be a table"),
        ("[llm]\nmodel = [1, 2]\n", "llm.model must be a text"),
        ("[llm\n", "cannot be read"),
        ("\udcff", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(OverrideError) as caught:
        overrides.read(path, SERVICES)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
