"""The embedding engine itself, and the reflex on top of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import psutil
import pytest

from proto.errors import Unavailable
from services.llm.models.model import Message, Prompt
from services.llm.reflex.reflex import Reflex
from services.llm.vectors.minilm import FILE, MiniLM, Vector, write_file
from tests.support.menu import menu

LABELLED = Path(__file__).parents[1] / "unit" / "llm"


@pytest.fixture(scope="session")
async def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    await write_file(folder / FILE)
    return folder


@pytest.fixture(scope="session")
async def engine(models: Path) -> AsyncIterator[MiniLM]:
    opened = MiniLM(models)
    yield opened
    await opened.aclose()


def reachable_sockets() -> set[str]:
    bound = {str(connection.laddr) for connection in psutil.Process().net_connections("unix") if connection.laddr}
    return {path for path in bound if Path(path).exists()}


def cosine(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_the_published_similarities_come_out(engine: MiniLM) -> None:
    person, very, dog, day = await engine.embed(
        ["That is a happy person", "That is a very happy person", "That is a happy dog", "Today is a sunny day"]
    )
    assert cosine(person, very) == pytest.approx(0.9429, abs=5e-4)
    assert cosine(person, dog) == pytest.approx(0.6946, abs=5e-4)
    assert cosine(person, day) == pytest.approx(0.2567, abs=5e-4)


async def test_every_text_has_a_vector_of_length_one(engine: MiniLM) -> None:
    texts = ["", " \n\t", "milk", "word " * 5000, "x" * 20_000, "漢字" * 5000, "한국어" * 300, "a\x00b", "half \ud83d"]
    made = await engine.embed(texts)
    assert [len(vector) for vector in made] == [engine.dimensions] * len(texts)
    assert [cosine(vector, vector) for vector in made] == pytest.approx([1.0] * len(texts), abs=1e-3)


async def test_a_text_means_the_same_alone_and_among_others(engine: MiniLM) -> None:
    texts = [f"Moved task {number} to the top" for number in range(20)]
    together = await engine.embed(texts)
    (alone,) = await engine.embed([texts[13]])
    assert cosine(together[13], alone) > 0.999
    assert max(cosine(together[12], alone), cosine(together[14], alone)) < 0.999


async def test_what_stands_behind_the_limit_does_not_count(engine: MiniLM) -> None:
    short, long, other = await engine.embed(["milk " * 254, "milk " * 254 + "tax " * 500, "tax " * 254])
    assert cosine(short, long) > 0.99
    assert cosine(short, other) < 0.9


def listening() -> set[object]:
    """The addresses on which this process can be connected to."""
    connections = psutil.Process().net_connections("inet")
    return {each.laddr for each in connections if each.status == psutil.CONN_LISTEN}


async def test_nothing_can_connect_to_the_engine(engine: MiniLM) -> None:
    await engine.open()
    before, sockets, another = listening(), reachable_sockets(), MiniLM(engine.path.parent)
    try:
        await another.open()
        assert listening() <= before
        assert reachable_sockets() <= sockets
    finally:
        await another.aclose()


async def test_two_services_that_start_at_once_write_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / FILE
    await asyncio.gather(write_file(path), write_file(path))
    assert [each.name for each in path.parent.iterdir()] == [FILE]
    assert path.stat().st_size == 46_220_256


async def test_a_file_that_is_not_a_model_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"GGUF" + bytes(1000))
    broken = MiniLM(tmp_path)
    with pytest.raises(Unavailable, match="delete the file"):
        await broken.embed(["hi"])
    await broken.aclose()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="could not be written"):
        await MiniLM(tmp_path / "models").embed(["hi"])


async def test_the_engine_leaves_the_signals_to_the_service(models: Path) -> None:
    program = (
        "import asyncio, signal, sys; from pathlib import Path; from services.llm.vectors.minilm import MiniLM\n"
        "async def main():\n"
        "    ended = asyncio.Event(); engine = MiniLM(Path(sys.argv[1]))\n"
        "    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)\n"
        "    await engine.embed(['hi']); print('ready', flush=True)\n"
        "    await ended.wait(); await engine.aclose(); print('drained')\n"
        "asyncio.run(main())\n"
    )
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(models), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert started.stdout is not None
    assert await started.stdout.readline() == b"ready\n"
    os.kill(started.pid, signal.SIGTERM)
    assert await started.communicate() == (b"drained\n", b"")
    assert started.returncode == 0


class Case(msgspec.Struct, frozen=True):
    """Something somebody says, and what should be done with it."""

    said: str
    action: str | None
    arguments: dict[str, str | int]


CASES = msgspec.json.decode((LABELLED / "reflex_cases.json").read_bytes(), type=tuple[Case, ...])
MENU = menu()


async def chosen(reflex: Reflex, said: str) -> tuple[str | None, dict[str, object]]:
    call = await reflex.choose(Prompt(messages=(Message(role="user", content=said),), tools=MENU, num_ctx=1))
    return (call.action, call.arguments) if call else (None, {})


@pytest.mark.timeout(300)
async def test_what_the_reflex_does_is_right_and_it_does_most_of_what_it_should(engine: MiniLM) -> None:
    reflex = Reflex(engine)
    did = [(case, await chosen(reflex, case.said)) for case in CASES]
    acted = [(case, found) for case, found in did if found[0]]
    wrong = [(case.said, found) for case, found in acted if found != (case.action, case.arguments)]
    wanted = sum(case.action is not None for case in CASES)
    right = len(acted) - len(wrong)
    print(f"\n{right} right, {len(wrong)} wrong, of {wanted} wanted in {len(CASES)}; wrong: {wrong}")
    assert right / len(acted) >= 0.97
    assert right / wanted >= 0.90
