"""The files and the network of a conversation's box, asked for on a real bus, with real boxes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from proto import boxes, documents, errors, events, sandbox
from proto.base import Nothing
from services.runtime.bus import Bus
from services.sandbox.main import serve
from services.sandbox.settings import SandboxSettings
from tests.support.boxes import BACKENDS, Place, once, serving
from tests.support.running import running

WITHIN = 60.0
FETCH = """
import os, sys, urllib.error, urllib.request
[os.environ.pop(name, None) for name in ("no_proxy", "NO_PROXY")]
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=5).read())
except (OSError, ValueError) as error:
    print(error, error.read() if isinstance(error, urllib.error.HTTPError) else "")
"""


class Desk:
    """Somebody at work in one conversation's box."""

    def __init__(self, bus: Bus, caller) -> None:
        self.bus = bus
        self.caller = caller

    async def ask(self, call, request):
        return await self.bus.call(call, request, caller=self.caller, timeout=WITHIN)

    async def run(self, command: str) -> sandbox.CommandResult:
        return await self.ask(sandbox.RUN, sandbox.Run(command=command))

    async def read(self, path: str, **options) -> boxes.FileText:
        return await self.ask(boxes.READ, boxes.ReadFile(path=path, **options))

    async def write(self, path: str, text: str) -> boxes.FileChange:
        return await self.ask(boxes.WRITE, boxes.WriteFile(path=path, text=text))

    async def edit(self, path: str, old: str, new: str) -> boxes.FileChange:
        return await self.ask(boxes.EDIT, boxes.EditFile(path=path, old=old, new=new))

    async def network(self, mode: str, *hosts: str) -> boxes.Network:
        return await self.ask(boxes.NETWORK, boxes.SetNetwork(mode=mode, hosts=hosts))

    async def described(self) -> boxes.Description:
        return await self.ask(boxes.DESCRIBE, Nothing())

    async def own(self, path: str) -> str:
        """A path as this box has it: one without a file system of its own says `/data` in another way."""
        said = (await self.run("echo ~ $BOX_DATA $BOX_RETURN")).stdout.split()
        places = dict(zip(("/home/box", "/data", "/return"), said, strict=True))
        place = next(each for each in places if path.startswith(each))
        return path.replace(place, places[place], 1)

    async def happened(self, noun: str) -> list[str]:
        found = await self.bus.journal.read(events.of_noun(noun, self.caller.user))
        return [each.event.sentence for each in found]


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """What holds the boxes."""
    return str(request.param)


@pytest.fixture(scope="module")
async def place(backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with serving(tmp_path_factory.mktemp("nats"), SandboxSettings(backend=backend)) as place:
        yield place


@pytest.fixture
async def desk(place: Place, ada):
    async with place.entered(ada) as bus:
        yield Desk(bus, replace(ada, conversation="talk"))


async def test_a_file_is_written_read_and_edited_and_the_box_sees_it(desk):
    written = await desk.write("src/deep/main.py", "print('one')\nprint('two')\n")
    path = await desk.own("/home/box/src/deep/main.py")
    assert written.path == path
    assert (await desk.run(f"cat {path}")).exit_code == 0, "the path that is told leads there from inside"
    assert (await desk.run("cd ~/src/deep && python3 main.py && echo '# mine' >> main.py")).stdout == "one\ntwo\n"
    await desk.edit("src/deep/main.py", "'two'", "'three'")
    read = await desk.read("/home/box/src/deep/main.py", first=2, lines=1)
    assert (read.text, read.total, read.sentence) == ("print('three')\n", 3, "Lines 2 to 2 of 3.")
    assert await desk.happened("file") == [
        f"Wrote '{path}' in the box (26 bytes)",
        f"Edited '{path}' in the box",
    ]


async def test_a_written_file_keeps_the_rights_it_had(desk):
    await desk.run("echo 'echo old' > tool; chmod 755 tool")
    await desk.write("tool", "#!/bin/bash\necho new\n")
    assert (await desk.run("./tool")).stdout == "new\n"


@once
async def test_an_edit_must_match_once(desk):
    await desk.write("a", "same same")
    with pytest.raises(errors.Ambiguous, match="stands 2 times"):
        await desk.edit("a", "same", "other")
    with pytest.raises(errors.Missing, match="does not stand"):
        await desk.edit("a", "Same", "other")
    assert (await desk.read("a")).text == "same same"


async def test_files_are_listed_with_names_as_they_are(desk):
    await desk.run("mkdir -p 'a b/ü' .hidden; touch 'a b/ü/x y' .hidden/z; ln -s /etc/passwd link; mkfifo pipe")
    listed = await desk.ask(boxes.FILES, boxes.ListFiles())
    assert [file.path for file in listed.files] == [await desk.own("/home/box/a b/ü/x y")]
    inner = await desk.ask(boxes.FILES, boxes.ListFiles(folder="a b/ü"))
    assert [file.path for file in inner.files] == [await desk.own("/home/box/a b/ü/x y")]


async def test_what_is_no_text_is_handed_back_as_a_link(desk):
    await desk.run("printf 'a\\0b' > $BOX_DATA/raw")
    read = await desk.read("/data/raw")
    assert (read.text, read.size) == ("", 3)
    sha256 = read.link.split("/")[2]
    chunks = [chunk async for chunk in desk.bus.objects(documents.FILES).read(desk.caller.user, sha256)]
    assert b"".join(chunks) == b"a\0b"


@once
async def test_a_text_is_handed_back_as_it_is_when_that_is_asked_for(desk):
    await desk.run("printf 'one\\r\\ntwo' > text")
    read = await desk.read("text", fetch=True)
    assert read.text == ""
    chunks = [
        chunk async for chunk in desk.bus.objects(documents.FILES).read(desk.caller.user, read.link.split("/")[2])
    ]
    assert b"".join(chunks) == b"one\r\ntwo"


TRAPS = {
    "link": "ln -s /etc/passwd x",
    "link to a folder": "ln -s /etc x",
    "pipe": "mkfifo x",
    "folder": "mkdir x",
}


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
async def test_nothing_but_a_true_file_is_touched(desk, trap):
    await desk.run(trap)
    for attempt in (desk.read("x"), desk.write("x", "mine"), desk.edit("x", "root", "toor")):
        with pytest.raises((errors.Invalid, errors.Missing)):
            await attempt
    for attempt in (desk.read("x/passwd"), desk.write("x/passwd/deep", "mine")) if trap != TRAPS["folder"] else ():
        with pytest.raises((errors.Invalid, errors.Missing)):
            await attempt
    listed = await desk.ask(boxes.FILES, boxes.ListFiles())
    assert not any("passwd" in file.path for file in listed.files)
    assert (await desk.run("test -L x -o -p x -o -d x && echo kept")).stdout == "kept\n"


async def test_a_link_on_the_way_leads_nowhere(desk):
    await desk.run("ln -s / out; mkdir in")
    for folder in ("out/etc", "out", "in/../out/etc"):
        with pytest.raises((errors.Invalid, errors.Missing)):
            await desk.ask(boxes.FILES, boxes.ListFiles(folder=folder))


@once
@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "/data/../../etc/passwd", "/home/boxes", "/"])
async def test_a_path_outside_is_refused(desk, path):
    with pytest.raises(errors.Invalid, match="does not lie below"):
        await desk.read(path)


async def test_the_network_is_changed_for_one_conversation_said_and_kept(nats_server, open_bus, ada, tmp_path):
    desk = Desk(await open_bus("cli"), replace(ada, conversation="talk"))
    other = Desk(desk.bus, replace(ada, conversation="other"))
    settings = SandboxSettings(home=str(tmp_path))
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, settings, bus):
        asked = "curl -sS -m 5 http://example.org/ 2>&1; curl -sS -m 5 http://example.net:8080/ 2>&1"
        await desk.run("true")
        await desk.network("off")
        assert (await desk.run(asked)).stdout.count("the network of this box is off") == 2
        set_to = await desk.network("allow-list", "*.example.org")
        assert set_to.sentence == "The box may reach *.example.org (before: off)"
        assert "example.net:8080 is not on this box's list" in (await desk.run(asked)).stdout
        assert (await other.described()).network.mode == "on"
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, settings, bus):
        assert (await desk.described()).network == boxes.Network(mode="allow-list", hosts=("*.example.org",))
        assert "is not on this box's list" in (await desk.run(asked)).stdout
    assert await desk.happened("sandbox") is not None
    assert "The network of the box is off (before: on)" in await desk.happened("sandbox")


@pytest.mark.parametrize("mode", ["on", "allow-list"])
async def test_the_machine_itself_is_out_of_reach_in_any_mode(desk, mode, place):
    await desk.network(mode, "127.0.0.1", f"127.0.0.1:{place.server.port}", "localhost", "169.254.169.254", "10.0.0.1")
    targets = (f"127.0.0.1:{place.server.port}", "localhost:80", "169.254.169.254", "10.0.0.1", "[::1]:80")
    for target in targets:
        said = (await desk.run(f"python3 -c '{FETCH}' http://{target}/")).stdout
        assert "403" in said or "not a public address" in said or "not on this box's list" in said


@once
@pytest.mark.parametrize("host", ["", "a b", "example.org/x", "*.*", "http://x", "x:port", "*"])
async def test_a_host_that_is_none_is_refused(desk, host):
    with pytest.raises(errors.Invalid):
        await desk.network("allow-list", host)


async def test_a_box_describes_itself_and_is_not_opened_for_it(desk, backend):
    before = await desk.described()
    assert (before.alive, before.backend) == (False, backend)
    assert {"memory", "processes", "disk"} <= {limit.limit for limit in before.limits}
    await desk.ask(boxes.PREPARE, Nothing())
    job = (await desk.ask(sandbox.RUN, sandbox.Run(command="sleep 60", background=True))).job
    after = await desk.described()
    assert after.alive
    assert bool(after.not_hidden) == (backend == "landlock"), "what a box can see of the machine is said"
    assert [job.id for job in after.jobs] == [job]
