"""A backup of what runs, a new home from it, and the proof that nothing is missing."""

from __future__ import annotations

import asyncio
import stat

import msgspec

from daimon.connection import connect
from proto import keeping, tasks
from tests.support.whole import whole_daimon


async def test_a_home_restored_from_a_backup_is_proven_equal(tmp_path):
    file, first, home = tmp_path / "daimon.tar", tmp_path / "first", tmp_path / "second"
    first.mkdir()
    async with whole_daimon(first) as whole:
        for title in ("buy milk", "call mum"):
            assert (await whole.daimon("tasks", "add", title)).code == 0
        forgotten = msgspec.json.decode((await whole.daimon("tasks", "add", "a secret", "--json")).out)
        assert (await whole.daimon("forget", forgotten["event"], "--yes")).code == 0
        writing = asyncio.create_task(keep_adding(whole.home.path))
        backed_up = await whole.daimon("backup", str(file))
        writing.cancel()
        assert backed_up.code == 0, backed_up.err
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert (await whole.daimon("backup", str(file))).err.startswith("daimon: ")
        seal = backed_up.out.split("Seal ")[1].strip()
        restored = await whole.daimon("restore", str(file), "--home", str(home))
        assert restored.code == 0, restored.err
        place = restored.out.split("--upto ")[1].split("`")[0]
        again = await whole.daimon("restore", str(file), "--home", str(home))
        assert again.code == 1
        assert "has data already" in again.err
    async with whole_daimon(home) as second:
        proof = await second.daimon("verify", "--upto", place, "--json")
        assert proof.code == 0, proof.out
        assert msgspec.json.decode(proof.out)["seal"] == seal
        assert msgspec.json.decode(proof.out)["forgotten"] == 1
        whole_proof = await second.daimon("verify")
        assert whole_proof.code == 0, whole_proof.out
        listed = (await second.daimon("tasks")).out
        assert "buy milk" in listed
        assert "secret" not in listed
        assert (await second.daimon("tasks", "add", "goes on")).code == 0
        assert (await second.daimon("verify")).out.startswith("All is well")


async def keep_adding(home) -> None:
    """Write while the backup is made."""
    async with connect(home, "owner") as bus:
        while True:
            await bus.call(tasks.ADD, tasks.AddTask(title="meanwhile"))


async def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path, reflex):
    file = tmp_path / "not.tar"
    file.write_text("hello")
    refused = await reflex.daimon("restore", str(file), "--home", str(tmp_path / "new"))
    assert refused.code == 1
    assert "is no backup that can be read" in refused.err
    assert keeping.SEAL.subject not in refused.err
