"""Words in the language of their user: of what comes, and of what was there before the user said so."""

from __future__ import annotations

import asyncio

import msgspec
import psycopg

from proto import accounts, memory, tasks
from proto.base import Caller, Nothing
from services.memory.languages import NAMES
from tests.integration.memory_parts import PATIENCE, Daimon

pytest_plugins = ("tests.integration.memory_fixtures",)


async def speaks(daimon: Daimon, caller: Caller, language: str) -> None:
    """Choose a language, and wait until everything has its words in it."""
    profile = accounts.Profile(language=language)
    _, place = await daimon.record(accounts.ProfileChanged(profile=profile), caller)
    await daimon.projected(place)
    async with asyncio.timeout(PATIENCE):
        while (await daimon.cli.call(memory.PROGRESS, Nothing())).relearning:
            pass


async def add(daimon: Daimon, caller: Caller, *titles: str) -> None:
    for title in titles:
        await daimon.record(tasks.TaskAdded(task=title, title=title), caller)
    await daimon.embedded()


async def by_words(daimon: Daimon, caller: Caller, query: str) -> list[str]:
    hits = (await daimon.search(query, caller, ways="words")).hits
    return [hit.sentence for hit in hits]


async def test_german_words_are_found_in_other_forms_once_the_profile_says_german(daimon, ada):
    await add(daimon, ada, "Die alten Häuser streichen", "Mutter anrufen")
    assert await by_words(daimon, ada, "Haus gestrichen alte") == []
    await speaks(daimon, ada, "Deutsch")
    assert await by_words(daimon, ada, "alte") == ["Added task 'Die alten Häuser streichen'"]
    await add(daimon, ada, "Das Haus der Nachbarn ansehen")
    assert set(await by_words(daimon, ada, "Häuser")) == {
        "Added task 'Die alten Häuser streichen'",
        "Added task 'Das Haus der Nachbarn ansehen'",
    }


async def test_fillers_of_the_language_say_nothing(daimon, ada):
    await speaks(daimon, ada, "de-AT")
    await add(daimon, ada, "Die Katze und der Hund", "Das Brot und die Butter")
    assert await by_words(daimon, ada, "die Katzen und das") == ["Added task 'Die Katze und der Hund'"]


async def test_plain_words_and_other_users_stay_as_they_were(daimon, ada):
    other = msgspec.structs.replace(ada, user=f"{ada.user}-other")
    await add(daimon, ada, "mend the broken bicycles")
    await add(daimon, other, "mend the broken bicycles")
    await speaks(daimon, ada, "Türkçe")
    assert await by_words(daimon, ada, "bicycles") == ["Added task 'mend the broken bicycles'"]
    assert await by_words(daimon, other, "bicycle") == ["Added task 'mend the broken bicycles'"]


async def test_who_goes_back_to_no_language_is_understood_as_before(daimon, ada):
    await add(daimon, ada, "mend the broken bicycles")
    for language in ("Deutsch", ""):
        await speaks(daimon, ada, language)
    assert await by_words(daimon, ada, "breaking bicycle") == ["Added task 'mend the broken bicycles'"]


async def test_every_language_is_one_that_postgres_knows(database):
    async with await psycopg.AsyncConnection.connect(database.database) as connection:
        rows = await (await connection.execute("SELECT cfgname FROM pg_ts_config")).fetchall()
    assert {name for (name,) in rows} >= NAMES.keys()
