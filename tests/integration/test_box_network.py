"""The only way out of a box is the proxy, and it lets out what it should, tried with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.sandbox.bubblewrap import Bubblewrap
from services.sandbox.network import Gate, _own, refusal
from services.sandbox.plan import Plan
from services.sandbox.reach import Reach
from services.sandbox.shellbox import ShellBox

BODY = b"hello from outside"


class Outside:
    """A web server on this machine's loopback, which the tests declare to be a public one."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[bytes] = []
        self.addresses: dict[str, list[str]] = {"good.test": ["127.0.0.1"]}
        self.resolved: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY))
            await writer.drain()
        writer.close()

    async def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        if host not in self.addresses:
            raise OSError(-2, "Name or service not known")
        return self.addresses[host]

    def refuse(self, address: str, port: int) -> str:
        return "" if (address, port) == ("127.0.0.1", self.port) else refusal(address, port)

    def gate(self, reach: Reach) -> Gate:
        return Gate(reach, self.resolve, self.refuse)


@pytest.fixture(scope="module")
async def outside() -> AsyncIterator[Outside]:
    outside = Outside()
    async with await asyncio.start_server(outside.serve, "127.0.0.1", 0) as server:
        outside.port = server.sockets[0].getsockname()[1]
        yield outside


@pytest.fixture(scope="module")
async def shared(outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ShellBox]:
    home = tmp_path_factory.mktemp("boxes")
    box = await Bubblewrap(home, Plan(), outside.gate).open(home / "box")
    yield box
    await box.close()


@pytest.fixture
def box(shared: ShellBox) -> ShellBox:
    shared.reach = Reach(mode="on")
    return shared


FETCH = """python3 - '{url}' <<'END'
import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())
except Exception as error:
    print("FAILED", error)
END"""
TUNNEL = """python3 - '{host}' {port} <<'END'
import socket, sys
host, port = sys.argv[1:]
line = socket.create_connection(("127.0.0.1", 3128), 10)
line.sendall(f"CONNECT {{host}}:{{port}} HTTP/1.1\\r\\n\\r\\n".encode())
answer = line.recv(1000).decode()
if " 200 " in answer:
    line.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    while piece := line.recv(1000):
        answer += piece.decode()
print(answer)
END"""


async def fetched(box: ShellBox, url: str) -> str:
    return (await box.run(FETCH.format(url=url), timeout=20)).stdout.strip()


async def tunnelled(box: ShellBox, host: str, port: int) -> str:
    return (await box.run(TUNNEL.format(host=host, port=port), timeout=20)).stdout.strip()


async def test_a_page_outside_is_read_through_the_proxy(box: ShellBox, outside: Outside):
    assert await fetched(box, f"http://good.test:{outside.port}/a?b=c") == BODY.decode()
    head = outside.asked[-1]
    assert head.startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert f"Host: good.test:{outside.port}\r\n".encode() in head


async def test_a_tunnel_carries_any_bytes(box: ShellBox, outside: Outside):
    answer = await tunnelled(box, "good.test", outside.port)
    assert answer.startswith("HTTP/1.1 200 Connection Established")
    assert answer.endswith(BODY.decode())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
    ],
)
async def test_a_name_that_stands_for_an_inner_address_is_refused(box: ShellBox, outside: Outside, address: str):
    outside.addresses["evil.test"] = [address]
    for answer in (await tunnelled(box, "evil.test", 443), await fetched(box, "http://evil.test/")):
        assert "403" in answer
        assert f"{address} is not a public address" in answer


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "017700000001", "localhost", "0"])
async def test_other_spellings_of_loopback_are_refused_by_what_they_resolve_to(tmp_path: Path, host: str):
    box = await Bubblewrap(tmp_path).open(tmp_path / "box")
    try:
        answer = await tunnelled(box, host, 4222)
    finally:
        await box.close()
    assert " 200 " not in answer
    assert "403" in answer or "502" in answer or "400" in answer


async def test_a_name_is_resolved_once_so_that_it_cannot_change_in_between(box: ShellBox, outside: Outside):
    outside.resolved.clear()
    await tunnelled(box, "good.test", outside.port)
    assert outside.resolved == ["good.test"]


async def test_of_several_addresses_only_the_public_are_used(box: ShellBox, outside: Outside):
    outside.addresses["mixed.test"] = ["10.0.0.1", "127.0.0.1"]
    assert "200" in await tunnelled(box, "mixed.test", outside.port)


def test_this_machines_own_addresses_are_refused():
    # No public address is this machine's in every place where this runs; loopback surely is.
    assert _own("127.0.0.1", 80) == "127.0.0.1 is this machine"
    assert _own("::1", 80) in {"::1 is this machine", ""}
    assert _own("192.0.2.1", 80) == ""


async def test_off_lets_nothing_out_from_the_next_connection_on(box: ShellBox, outside: Outside):
    box.reach = Reach(mode="off")
    assert "the network of this box is off" in await fetched(box, f"http://good.test:{outside.port}/")
    box.reach = Reach(mode="on")
    assert await fetched(box, f"http://good.test:{outside.port}/") == BODY.decode()


HOLD = """python3 -u - good.test {port} <<'END'
import socket, sys
line = socket.create_connection(("127.0.0.1", 3128), 10)
line.sendall(f"CONNECT {{sys.argv[1]}}:{{sys.argv[2]}} HTTP/1.1\\r\\n\\r\\n".encode())
print(line.recv(1000).decode())
line.settimeout(30)
try:
    print("CUT" if line.recv(1) == b"" else "MORE")
except ConnectionError:
    print("CUT")
except TimeoutError:
    print("OPEN")
END"""


async def test_what_may_no_longer_be_reached_is_cut_and_the_rest_stays(box: ShellBox, outside: Outside):
    begun = asyncio.Event()
    told: list[str] = []

    def heard(_: str, text: str) -> None:
        told.append(text)
        if " 200 " in "".join(told):
            begun.set()

    held = asyncio.create_task(box.run(HOLD.format(port=outside.port), timeout=60, on_output=heard))
    await asyncio.wait_for(begun.wait(), 30)
    box.reach = Reach(mode="allow-list", hosts=(f"good.test:{outside.port}",))
    assert not held.done()
    box.reach = Reach(mode="allow-list", hosts=("good.test:1",))
    assert "CUT" in (await held).stdout


async def test_an_allow_list_lets_out_what_it_names(box: ShellBox, outside: Outside):
    outside.addresses["other.test"] = ["127.0.0.1"]
    box.reach = Reach(mode="allow-list", hosts=(f"good.test:{outside.port}",))
    assert await fetched(box, f"http://good.test:{outside.port}/") == BODY.decode()
    assert "not on this box's list" in await fetched(box, f"http://other.test:{outside.port}/")
    assert "not on this box's list" in await tunnelled(box, "good.test", 443)


async def test_a_host_that_does_not_exist_is_said_to(box: ShellBox):
    assert "Name or service not known" in await fetched(box, "http://nowhere.test/")


async def test_a_port_where_nobody_listens_is_said_to(box: ShellBox, outside: Outside):
    async with await asyncio.start_server(outside.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    outside.port, before = port, outside.port
    try:
        assert "502" in await tunnelled(box, "good.test", port)
    finally:
        outside.port = before


async def test_nonsense_is_answered_and_hurts_nobody(box: ShellBox, outside: Outside):
    nonsense = "head -c 100000 /dev/urandom; printf 'GET / HTTP/1.1\\r\\n\\r\\n'"
    await box.run(f"({nonsense}) | timeout 5 bash -c 'cat > /dev/tcp/127.0.0.1/3128'", timeout=10)
    assert await fetched(box, f"http://good.test:{outside.port}/") == BODY.decode()


async def test_a_flood_of_connections_is_cut_off(box: ShellBox, outside: Outside):
    many = "s = [socket.create_connection(('127.0.0.1', 3128), 5) for _ in range(100)]"
    ran = await box.run(f'python3 -c "import socket; {many}; print(s[-1].recv(100).decode())"', timeout=20)
    assert "too many connections" in ran.stdout
    assert await fetched(box, f"http://good.test:{outside.port}/") == BODY.decode()


async def test_without_the_proxy_there_is_no_way_out(box: ShellBox, outside: Outside):
    direct = f"timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/{outside.port}' || echo closed"
    ran = await box.run(f"{direct}; wc -l < /proc/net/route", timeout=10)
    assert ran.stdout == "closed\n1\n"


async def test_a_started_again_box_has_its_way_out_again(outside: Outside, tmp_path: Path):
    box = await Bubblewrap(tmp_path, Plan(), outside.gate).open(tmp_path / "box")
    try:
        await box.run("exit", timeout=10)
        await box._end()
        assert await fetched(box, f"http://good.test:{outside.port}/") == BODY.decode()
    finally:
        await box.close()
