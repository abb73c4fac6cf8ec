"""A backup of what runs, a new home from it, and the proof that nothing is missing."""

from __future__ import annotations

import asyncio
import hashlib
import re
import stat
import tarfile

import httpx
import msgspec
import pytest

from daimon.connection import connect
from proto import accounts, keeping, tasks
from proto.base import new_id
from tests.support.whole import whole_daimon

PATIENCE = 120.0
NAMED = re.compile(r"<strong>(daimon-[\d-]+\.tar)</strong>")


@pytest.mark.timeout(300)
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


@pytest.mark.parametrize("content", ["hello", None], ids=["no archive", "another archive"])
async def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path, reflex, content):
    file = tmp_path / "not.tar"
    if content is None:
        with tarfile.open(file, "w") as other:
            other.add(__file__, "notes.txt")
    else:
        file.write_text(content)
    refused = await reflex.daimon("restore", str(file), "--home", str(tmp_path / "new"))
    assert refused.code == 1
    assert "is no backup that can be read; name a file that `daimon backup` wrote." in refused.err
    assert keeping.SEAL.subject not in refused.err


@pytest.mark.timeout(300)
async def test_a_backup_is_made_on_a_page_and_fetched_with_a_password(tmp_path, reflex):
    owner = f"keeper-{new_id()[-8:]}"
    async with connect(reflex.home.path, owner) as bus:
        invite = accounts.Invite(user=owner, role="owner")
        link = (await bus.call(accounts.INVITE, invite)).path
        await bus.call(accounts.CHANGE_ACCOUNT, accounts.ChangeAccount(user=owner, role="owner"))
    async with httpx.AsyncClient(base_url=reflex.address, timeout=60, headers={"Origin": reflex.address}) as browser:
        await browser.post(link)
        page = (await browser.get("/settings/backup")).text
        csrf = re.search(r'name="csrf" value="(\w+)"', page)[1]
        assert "daimon restore" in page
        before = set(NAMED.findall(page))
        assert (await browser.post("/settings/backup", data={"csrf": csrf})).status_code == 303
        async with asyncio.timeout(PATIENCE):
            while not (names := set(NAMED.findall((await browser.get("/settings/backup")).text)) - before):
                pass
        (name,) = names
        fetched = f"/settings/backup/{name}"
        refused = await browser.post(fetched, data={"csrf": csrf, "password": "guessed"})
        assert refused.status_code == 403
        assert "Set a password" in refused.text
        secret = {"password": "correct horse 7", "again": "correct horse 7"}
        await browser.post("/settings/password", data={"csrf": csrf, **secret})
        assert (await browser.post(fetched, data={"csrf": csrf, "password": "guessed"})).status_code == 403
        got = await browser.post(fetched, data={"csrf": csrf, "password": "correct horse 7"})
        assert hashlib.sha256(got.content).hexdigest() in (await browser.get("/settings/backup")).text
        for other in ("none.tar", "..%2F..%2Fcredentials%2Fcli", f"{name[:-4]}.json"):
            away = await browser.post(f"/settings/backup/{other}", data={"csrf": csrf, "password": "correct horse 7"})
            assert away.status_code == 404, other
    file = tmp_path / name
    file.write_bytes(got.content)
    restored = await reflex.daimon("restore", str(file), "--home", str(tmp_path / "new"))
    assert restored.code == 0, restored.err
