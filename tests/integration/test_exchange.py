"""Files into a box through /data and out of it through /return, with real boxes, whatever lies in the way."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from proto import documents, errors, events, sandbox
from services.memory.uploads import Uploads
from services.runtime.bus import Bus
from services.sandbox.limits import Limits
from services.sandbox.main import serve
from services.sandbox.settings import SandboxSettings
from tests.support.boxes import BACKENDS, Place, once, serving
from tests.support.running import running

WITHIN = 60.0


class Desk:
    """Somebody who uploads, runs commands and fetches files in one conversation."""

    def __init__(self, bus, caller) -> None:
        self.bus = bus
        self.caller = caller

    async def put(self, name: str, content: bytes) -> documents.Document:
        async def pieces():
            yield content

        kept = await self.bus.objects(documents.FILES).put(self.caller.user, pieces(), limit=10**7)
        add = documents.AddDocument(name=name, size=kept.size, sha256=kept.sha256)
        return await self.bus.call(documents.ADD, add, caller=self.caller)

    async def upload(self, name: str, content: bytes = b"content") -> str:
        document = await self.put(name, content)
        request = sandbox.Receive(document=document.document)
        received = await self.bus.call(sandbox.RECEIVE, request, caller=self.caller, timeout=WITHIN)
        return received.path

    async def run(self, command: str) -> sandbox.CommandResult:
        return await self.bus.call(sandbox.RUN, sandbox.Run(command=command), caller=self.caller, timeout=WITHIN)

    async def data(self) -> str:
        """What this box calls the folder for what is uploaded."""
        return (await self.run("echo $BOX_DATA")).stdout.strip()

    async def fetch(self, sha256: str) -> bytes:
        return b"".join([chunk async for chunk in self.bus.objects(documents.FILES).read(self.caller.user, sha256)])


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """What holds the boxes."""
    return str(request.param)


@pytest.fixture(scope="module")
async def place(backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with (
        serving(tmp_path_factory.mktemp("nats"), SandboxSettings(backend=backend, file=2_000_000)) as place,
        Bus.open(place.server.settings("memory"), "memory") as memory,
    ):
        await memory.serve("memory", {documents.ADD: Uploads(memory).add})
        yield place


@pytest.fixture
async def desk(place: Place, ada):
    async with place.entered(ada) as bus:
        yield Desk(bus, replace(ada, conversation="talk"))


async def test_an_upload_lies_in_the_box_as_it_was_and_belongs_to_it(desk):
    content = os.urandom(300_000)
    path = await desk.upload("raw.bin", content)
    assert path == f"{await desk.data()}/raw.bin"
    ran = await desk.run(f"sha256sum < {path}; echo more >> {path} && wc -c < {path}")
    assert ran.stdout.split()[0] == hashlib.sha256(content).hexdigest()
    assert ran.stdout.split()[-1] == "300005"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("my holiday.txt", "my holiday.txt"),
        ("Übersicht 2026 naïve.txt", "Übersicht 2026 naïve.txt"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("C:\\Users\\ada\\notes.txt", "notes.txt"),
        ("line\nbreak\x1b[31m.txt", "linebreak[31m.txt"),
        ("-rf", "-rf"),
        ("x" * 400 + ".pdf", "" + "x" * 196 + ".pdf"),
    ],
)
async def test_any_name_becomes_a_file_in_data_and_nowhere_else(desk, name, path):
    assert await desk.upload(name) == f"{await desk.data()}/{path}"
    assert (await desk.run(f"cat -- \"$BOX_DATA\"/'{path}'")).stdout == "content"


async def test_two_files_of_one_name_stand_beside_each_other(desk):
    data = await desk.data()
    assert await desk.upload("a.txt", b"one") == f"{data}/a.txt"
    assert await desk.upload("a.txt", b"two") == f"{data}/a (2).txt"
    assert await desk.upload("a.txt", b"one") == f"{data}/a.txt", "the same bytes are there already"
    assert (await desk.run("cat $BOX_DATA/*")).stdout == "twoone"


async def test_what_was_uploaded_while_the_sandbox_was_away_is_there_before_the_next_command(desk):
    await desk.run("true")
    await desk.put("late.txt", b"late")
    async with asyncio.timeout(WITHIN):
        while (await desk.run("cat $BOX_DATA/late.txt")).stdout != "late":
            pass


@pytest.mark.parametrize("trap", ["ln -s /etc/passwd a.txt", "mkdir a.txt", "mkfifo a.txt"])
async def test_what_the_box_put_in_the_way_is_left_alone(desk, trap):
    await desk.run(f"cd $BOX_DATA; {trap}")
    assert await desk.upload("a.txt", b"mine") == f"{await desk.data()}/a (2).txt"
    assert (await desk.run("cat 'a (2).txt'; test -f a.txt -a ! -L a.txt || echo kept")).stdout == "minekept\n"


async def test_a_file_left_in_return_is_handed_back_once(desk):
    ran = await desk.run("cd $BOX_RETURN; mkdir deep; echo hello > 'deep/a b.txt'")
    (back,) = ran.files
    assert (back.name, back.size) == ("deep/a b.txt", 6)
    assert back.link == f"/files/{back.sha256}/a%20b.txt"
    assert await desk.fetch(back.sha256) == b"hello\n"
    assert (await desk.run("true")).files == ()
    (changed,) = (await desk.run("echo bye > 'deep/a b.txt'")).files
    assert await desk.fetch(changed.sha256) == b"bye\n"
    recorded = await desk.bus.journal.read(events.of_noun("file", desk.caller.user))
    assert [each.event.sentence for each in recorded] == [
        "Handed back 'deep/a b.txt' (6 bytes)",
        "Handed back 'deep/a b.txt' (4 bytes)",
    ]


@pytest.mark.parametrize(
    "trap",
    [
        "ln -s /etc/passwd x",
        "ln -s /etc x",
        "mkfifo x",
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"x\")'",
        "truncate -s 3M x",
    ],
)
async def test_only_true_files_within_the_limit_are_handed_back(desk, trap):
    ran = await desk.run(f"cd $BOX_RETURN; {trap}; echo good > good")
    assert [back.name for back in ran.files] == ["good"]


@once
async def test_nobody_asks_for_the_upload_of_another(desk, ada):
    document = await desk.put("secret.txt", b"secret")
    request = sandbox.Receive(document=document.document)
    for stranger in (replace(desk.caller, user="bob"), replace(desk.caller, conversation="other")):
        with pytest.raises(errors.Missing):
            await desk.bus.call(sandbox.RECEIVE, request, caller=stranger, timeout=WITHIN)


async def test_an_upload_that_the_box_has_no_room_for_is_said_so_and_is_in_nobodys_way(open_bus, ada, tmp_path):
    small = SandboxSettings(home=str(tmp_path), file=9_000_000, limits=Limits(disk=2_000_000))
    memory = await open_bus("memory")
    await memory.serve("memory", {documents.ADD: Uploads(memory).add})
    async with running(serve, small, await open_bus("sandbox")):
        desk = Desk(await open_bus("cli"), replace(ada, conversation="talk"))
        with pytest.raises(errors.TooLarge, match="does not fit into the box, whose files may take 1 MiB together"):
            await desk.upload("large.bin", b"x" * 3_000_000)
        assert (await desk.run("ls /data")).stdout == ""
        assert await desk.upload("small.txt", b"fits") == "/data/small.txt"
