"""Files on the bus: kept whole, apart by owner, never doubled, and known only when they are really there."""

from __future__ import annotations

import asyncio
import hashlib
import os

import nats
import pytest
from msgspec.structs import replace

from proto import documents, errors, events
from proto.permissions import Permissions
from proto.streams import object_bucket
from services.memory.uploads import Uploads
from services.runtime.bus import Bus, Objects

LARGE = 3_000_000


async def pieces(*parts: bytes):
    for part in parts:
        yield part


async def whole(files: Objects, owner: str, sha256: str) -> bytes:
    return b"".join([chunk async for chunk in files.read(owner, sha256)])


@pytest.fixture
async def files(open_bus) -> Objects:
    return (await open_bus("cli")).objects(documents.FILES)


@pytest.fixture
async def adding(open_bus):
    """The call of memory, as it serves it; it needs no database."""
    bus = await open_bus("memory")
    await bus.serve("memory", {documents.ADD: Uploads(bus).add})
    return bus


def add_of(content: bytes, name: str = "a.txt") -> documents.AddDocument:
    return documents.AddDocument(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 128 * 1024 + 1, LARGE])
async def test_a_file_comes_back_as_it_was(files, ada, size):
    content = os.urandom(size)
    kept = await files.put(ada.user, pieces(content[:7], content[7:]), limit=LARGE)
    assert kept == type(kept)(sha256=hashlib.sha256(content).hexdigest(), size=size)
    assert await whole(files, ada.user, kept.sha256) == content


async def test_the_same_bytes_are_kept_once_and_leave_nothing_behind(files, ada, open_bus):
    content = os.urandom(LARGE)
    await files.put(ada.user, pieces(content), limit=LARGE)
    before = await stored_bytes(open_bus)
    again = await files.put(ada.user, pieces(content), limit=LARGE)
    assert again.known
    assert await stored_bytes(open_bus) - before < 1000
    assert await whole(files, ada.user, again.sha256) == content


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing_behind(files, ada, open_bus):
    before = await stored_bytes(open_bus)
    with pytest.raises(errors.TooLarge, match=r"larger than 3.0 MB"):
        await files.put(ada.user, pieces(os.urandom(LARGE), b"x"), limit=LARGE)
    assert await stored_bytes(open_bus) - before < 1000


async def test_a_sender_that_goes_away_leaves_nothing_behind(files, ada, open_bus):
    async def broken():
        yield os.urandom(LARGE)
        raise ConnectionError

    before = await stored_bytes(open_bus)
    with pytest.raises(ConnectionError):
        await files.put(ada.user, broken(), limit=2 * LARGE)
    assert await stored_bytes(open_bus) - before < 1000


async def test_two_who_send_the_same_at_once_both_succeed(files, ada):
    content = os.urandom(LARGE)
    both = await asyncio.gather(*(files.put(ada.user, pieces(content), limit=LARGE) for _ in range(2)))
    assert sorted(kept.known for kept in both) == [False, True]
    assert await whole(files, ada.user, both[0].sha256) == content


async def test_nobody_reads_the_file_of_another(files, ada):
    kept = await files.put(ada.user, pieces(b"secret"), limit=LARGE)
    for other in ("bob", f"{ada.user}/", "", "*", ">"):
        assert await files.find(other, kept.sha256) is None
        with pytest.raises(errors.Missing):
            await whole(files, other, kept.sha256)


async def test_any_nats_client_reads_the_bucket_as_an_object_store(own_nats):
    content = os.urandom(LARGE)
    async with Bus.open(own_nats.settings("cli"), "cli") as bus:
        kept = await bus.objects(documents.FILES).put("ada", pieces(content), limit=LARGE)
    everything = own_nats.let_in("observer", Permissions(publish=(">",), subscribe=(">",)))
    client = await nats.connect(everything)
    store = await client.jetstream().object_store(documents.FILES)
    assert (await store.get(f"ada/{kept.sha256}")).data == content
    await client.close()


async def test_an_upload_becomes_a_document_and_an_event(files, adding, open_bus, ada):
    cli = await open_bus("cli")
    content = b"hello"
    await files.put(ada.user, pieces(content), limit=LARGE)
    talk = replace(ada, conversation="talk")
    document = await cli.call(documents.ADD, add_of(content, "../../notes é.txt"), caller=talk)
    assert (document.name, document.size, document.again) == ("notes é.txt", 5, False)
    (recorded,) = await cli.journal.read(events.of_noun("document", ada.user))
    assert recorded.event.id == document.event
    assert recorded.event.conversation == "talk"
    assert recorded.event.sentence == "Uploaded 'notes é.txt' (5 bytes)"


async def test_the_same_bytes_are_the_same_document_and_another_user_s_are_not(files, adding, open_bus, ada):
    cli = await open_bus("cli")
    bob = replace(ada, user=f"{ada.user}-bob")
    for user in (ada.user, bob.user):
        await files.put(user, pieces(b"same"), limit=LARGE)
    first = await cli.call(documents.ADD, add_of(b"same", "one"), caller=ada)
    second = await cli.call(documents.ADD, add_of(b"same", "two"), caller=ada)
    third = await cli.call(documents.ADD, add_of(b"same", "one"), caller=bob)
    assert (first.document, first.again) == (second.document, False)
    assert second.again
    assert third.document != first.document
    assert not third.again


async def test_asking_twice_with_one_key_records_once(files, adding, open_bus, ada):
    cli = await open_bus("cli")
    await files.put(ada.user, pieces(b"x"), limit=LARGE)
    keyed = replace(ada, key="upload-1")
    first = await cli.call(documents.ADD, add_of(b"x"), caller=keyed)
    assert await cli.call(documents.ADD, add_of(b"x"), caller=keyed) == first
    assert len(await cli.journal.read(events.of_noun("document", ada.user))) == 1


@pytest.mark.parametrize("lie", ["never sent", "of another", "other size"])
async def test_what_is_not_there_does_not_become_a_document(files, adding, open_bus, ada, lie):
    cli = await open_bus("cli")
    owner = "bob" if lie == "of another" else ada.user
    if lie != "never sent":
        await files.put(owner, pieces(lie.encode()), limit=LARGE)
    asked = add_of(lie.encode())
    if lie == "other size":
        asked = replace(asked, size=asked.size + 1)
    with pytest.raises((errors.Missing, errors.Invalid)):
        await cli.call(documents.ADD, asked, caller=ada)
    assert await cli.journal.read(events.of_noun("document", ada.user)) == []


async def stored_bytes(open_bus) -> int:
    """How much the bucket takes, as JetStream says to whoever lays it out again."""
    setup = await open_bus("setup")
    name = f"OBJ_{documents.FILES}"
    answer = await setup.administer(f"$JS.API.STREAM.UPDATE.{name}", object_bucket(documents.FILES))
    return int(answer["state"]["bytes"])
