"""What is left on the disk of somebody who has everything forgotten: the files are searched for a word of theirs."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from daimon.connection import connect
from proto import documents, keys
from proto.base import new_id
from tests.support.whole import Whole

DOCUMENTED = {"logs"}
"""What docs/self-hosting.md says is not searched for what is forgotten."""


def places(home: Path, word: str) -> set[str]:
    """The files below a home that have a word, by their way from there."""
    found = subprocess.run(["grep", "-rlai", "--", word, "."], cwd=home, capture_output=True, check=False, text=True)
    return {name.removeprefix("./") for name in found.stdout.splitlines()}


async def lived(whole: Whole, user: str, word: str, directory: Path) -> None:
    """Let a user leave a word wherever one can."""
    file = directory / f"{word}.txt"
    file.write_text(f"The {word} is an animal.\n" * 3)
    for words in (
        ("tasks", "add", f"feed the {word}"),
        ("tasks", "rename", word, f"feed the {word} twice"),
        ("chat", f"what does a {word} eat?", "--conversation", "zoo"),
        ("chat", "--title", f"All about the {word}", "--conversation", "zoo"),
        ("upload", str(file), "--conversation", "zoo"),
        ("box", "run", f"echo {word} | tee /return/{word}.md {word}.sh; cat /data/*", "--conversation", "zoo"),
        ("box", "run", f"sleep 300; echo {word}", "--background", "--conversation", "zoo"),
        ("search", word),
        ("sql", f"select count(*) from events where sentence like '%{word}%'"),
        ("instructions", "edit", "title", f"Mention the {word}."),
    ):
        ran = await whole.daimon(*words, "--user", user)
        assert ran.code == 0, (words, ran.err)
    async with connect(whole.home.path, user) as connection:
        await connection.call(keys.ADD_KEY, keys.AddKey(user=user, name="program"))


async def read_in(whole: Whole, user: str) -> None:
    """Wait until the document was read."""
    async with asyncio.timeout(30), connect(whole.home.path, user) as connection:
        while True:
            listed = (await connection.call(documents.LIST, documents.ListDocuments())).documents
            if listed and listed[0].state == "ready":
                return


async def test_nothing_of_who_has_everything_forgotten_is_left_on_the_disk(reflex: Whole, tmp_path: Path) -> None:
    word, user = f"quagga{new_id()[-8:]}", f"keeper-{new_id()[-8:]}"
    await lived(reflex, user, word, tmp_path)
    await read_in(reflex, user)
    await reflex.caught_up()
    before = await asyncio.to_thread(places, reflex.home.path, word)
    assert {place.partition("/")[0] for place in before} >= {"nats", "postgres", "boxes"}, before
    ran = await reflex.daimon("forget", "--everything", "--yes", "--user", user, within=120)
    assert ran.code == 0, ran.err
    left = await asyncio.to_thread(places, reflex.home.path, word)
    assert {place for place in left if place.partition("/")[0] not in DOCUMENTED} == set()
    async with connect(reflex.home.path, user) as connection:
        assert (await connection.call(keys.LIST_KEYS, keys.ListKeys(user=user))).keys == ()


async def test_a_conversation_takes_its_files_along(reflex: Whole, tmp_path: Path) -> None:
    word, user = f"zeedonk{new_id()[-8:]}", f"keeper-{new_id()[-8:]}"
    (tmp_path / "notes.txt").write_text(f"The {word} is an animal.\n")
    for words in (
        ("upload", str(tmp_path / "notes.txt"), "--conversation", "zoo"),
        ("chat", f"what does a {word} eat?", "--conversation", "zoo"),
        ("box", "run", f"echo {word} > {word}.sh", "--conversation", "zoo"),
    ):
        ran = await reflex.daimon(*words, "--user", user)
        assert ran.code == 0, (words, ran.err)
    await read_in(reflex, user)
    await reflex.caught_up()
    ran = await reflex.daimon("forget", "--conversation", "zoo", "--yes", "--user", user, within=120)
    assert ran.code == 0, ran.err
    left = await asyncio.to_thread(places, reflex.home.path, word)
    assert {place for place in left if place.partition("/")[0] not in DOCUMENTED} == set()
