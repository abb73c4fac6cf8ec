"""One box a conversation, a limit on those alive, and an end for the idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.sandbox.box import Backend, BoxClosedError, TooManyBoxesError
from services.sandbox.boxes import Boxes
from services.sandbox.limits import Enforcement
from services.sandbox.output import OnOutput, Ran
from services.sandbox.reach import Reach


class PaperBox:
    """A box that holds nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.reach = Reach()
        self.busy = False
        self.closed = False
        self.looks = 0

    async def run(self, command: str, *, timeout: float, on_output: OnOutput | None = None) -> Ran:
        return Ran(exit_code=0, stdout=command, stderr="", truncated=False, seconds=0)

    async def look(self) -> None:
        self.looks += 1

    async def close(self) -> None:
        self.closed = True

    async def leave(self) -> None:
        self.closed = True


class PaperBackend(Backend):
    """A backend that opens such boxes and remembers them."""

    name = "paper"

    def __init__(self) -> None:
        self.opened: list[PaperBox] = []

    async def check(self) -> str | None:
        return None

    async def open(self, root: Path) -> PaperBox:
        await asyncio.sleep(0)
        self.opened.append(PaperBox(root))
        return self.opened[-1]

    def limits_in_force(self) -> tuple[Enforcement, ...]:
        return ()


@pytest.fixture
def backend() -> PaperBackend:
    return PaperBackend()


@pytest.fixture
async def boxes(tmp_path: Path, backend: PaperBackend) -> AsyncIterator[Boxes]:
    async with Boxes(tmp_path, backend, idle=3600, most=2) as boxes:
        yield boxes


async def test_a_conversation_keeps_its_box(boxes: Boxes):
    assert await boxes.box("ada", "one") is await boxes.box("ada", "one")


async def test_asking_at_the_same_time_opens_one_box(boxes: Boxes, backend: PaperBackend):
    await asyncio.gather(*(boxes.box("ada", "one") for _ in range(10)))
    assert len(backend.opened) == 1


async def test_others_get_others(boxes: Boxes):
    names = [("ada", "one"), ("bob", "one"), ("ada", "two"), ("ada-one", ""), ("Ada", "one"), ("ada", "../one")]
    roots = {boxes.root(*name) for name in names}
    assert len(roots) == len(names)


@pytest.mark.parametrize("name", ["..", ".", "/etc", "a/b", "", "\0", "ä" * 500, "-rf", " "])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, backend: PaperBackend, name: str):
    root = Boxes(tmp_path, backend).root(name, name)
    assert root.parent.parent == tmp_path
    assert root.resolve() == root.absolute()
    assert len(root.name) < 100


async def test_the_longest_idle_makes_room(boxes: Boxes, backend: PaperBackend):
    for name in ("one", "two", "one", "three"):
        await boxes.box("ada", name)
    assert [box.closed for box in backend.opened] == [False, True, False]


async def test_busy_boxes_are_not_sacrificed(boxes: Boxes, backend: PaperBackend):
    for name in ("one", "two"):
        await boxes.box("ada", name)
    for box in backend.opened:
        box.busy = True
    with pytest.raises(TooManyBoxesError, match="busy"):
        await boxes.box("ada", "three")


async def test_nobody_takes_the_boxes_of_another(tmp_path: Path, backend: PaperBackend):
    async with Boxes(tmp_path, backend, idle=3600, most=10) as boxes:
        bobs = await boxes.box("bob", "one")
        for number in range(30):
            await boxes.box("ada", str(number))
        assert await boxes.box("bob", "one") is bobs
        assert not bobs.closed
        for box in backend.opened:
            box.busy = True
        with pytest.raises(TooManyBoxesError):
            await boxes.box("ada", "more")
        assert len([box for box in backend.opened if not box.closed]) == 10


async def test_who_has_many_makes_room_for_who_has_few(tmp_path: Path, backend: PaperBackend):
    async with Boxes(tmp_path, backend, idle=3600, most=10) as boxes:
        eves = await boxes.box("eve", "one")
        for number in range(9):
            await boxes.box("ada", str(number))
        await boxes.box("bob", "one")
        assert not eves.closed, "hers has been idle for longer, but she has no other"
        assert [box.closed for box in backend.opened[1:3]] == [True, False]


async def test_tidying_closes_the_idle_and_looks_at_the_rest(tmp_path: Path, backend: PaperBackend):
    async with Boxes(tmp_path, backend, idle=0.0) as boxes:
        first = await boxes.box("ada", "one")
        second = await boxes.box("ada", "two")
        assert isinstance(second, PaperBox)
        second.busy = True
        await boxes.tidy()
        assert [box.closed for box in backend.opened] == [True, False]
        second.busy = False
        assert await boxes.box("ada", "one") is not first


async def test_leaving_closes_all_and_opens_none_any_more(tmp_path: Path, backend: PaperBackend):
    async with Boxes(tmp_path, backend) as boxes:
        await boxes.box("ada", "one")
    assert backend.opened[0].closed
    with pytest.raises(BoxClosedError):
        await boxes.box("ada", "one")
