"""Which engine makes vectors, and that they have length 1."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proto import errors, llm
from services.llm.engines import Engines
from services.llm.settings import LlmSettings
from services.llm.vectors.embedding import LONG, PATIENCE, PORTION, Embedding, portions
from tests.fakes.embedder import WordCounts
from tests.fakes.ollama import FakeOllama, act


class Small(WordCounts):
    name = "minilm"


@asynccontextmanager
async def embedding(settings: LlmSettings) -> AsyncIterator[Embedding]:
    engines = Engines(settings, None, None, None)
    try:
        yield Embedding(Small(), engines, settings.embedding)
    finally:
        await engines.aclose()


def lengths(made: llm.Embeddings) -> list[float]:
    numbers = array("f", made.vectors)
    size = made.dimensions
    return [math.hypot(*numbers[start : start + size]) for start in range(0, len(numbers), size)]


async def test_a_model_of_ollama_makes_vectors_of_length_one():
    model = "ollama:all-minilm:latest"
    async with FakeOllama(act) as server, embedding(LlmSettings(ollama=server.url, embedding=model)) as chosen:
        made = await chosen.embed(llm.Embed(texts=("one", "two or three")))
    assert made.engine == "ollama:all-minilm:latest"
    assert lengths(made) == pytest.approx([1.0, 1.0], abs=1e-6)


async def test_another_engine_can_be_asked_for_by_its_name():
    async with FakeOllama(act) as server, embedding(LlmSettings(ollama=server.url)) as chosen:
        made = await chosen.embed(llm.Embed(texts=("one",), engine="ollama:all-minilm:latest"))
    assert made.engine == "ollama:all-minilm:latest"


async def test_a_server_that_is_away_is_said():
    async with embedding(LlmSettings(ollama="http://127.0.0.1:9", embedding="ollama:all-minilm")) as chosen:
        with pytest.raises(errors.Unavailable):
            await chosen.embed(llm.Embed(texts=("one",)))


async def test_a_server_that_is_switched_off_is_said():
    async with embedding(LlmSettings(ollama="off", embedding="ollama:x")) as chosen:
        with pytest.raises(errors.Unavailable, match="No Ollama server"):
            await chosen.embed(llm.Embed(texts=("one",)))


async def test_an_engine_that_is_none_is_refused():
    async with embedding(LlmSettings(embedding="word2vec")) as chosen:
        with pytest.raises(errors.Invalid, match="minilm"):
            await chosen.embed(llm.Embed(texts=("one",)))


async def test_what_nobody_waits_for_lets_answers_go_first_and_still_comes_while_they_go_on():
    loop, texts = asyncio.get_running_loop(), tuple(f"text {number}" for number in range(3 * PORTION))
    engines = Engines(LlmSettings(), None, None, None)
    embedding = Embedding(Small(), engines, "minilm")
    with engines.calm.disturbed():
        began = loop.time()
        waited_for = await embedding.embed(llm.Embed(texts=texts))
        between = loop.time()
        patient = await embedding.embed(llm.Embed(texts=texts, patient=True))
        took = loop.time() - between
    await engines.aclose()
    assert patient.vectors == waited_for.vectors
    assert took >= PATIENCE > between - began


def test_a_long_text_is_embedded_alone_so_that_an_answer_waits_for_no_more_than_one():
    short, long = "milk", "m" * LONG
    assert list(portions([short] * (PORTION + 1))) == [(short,) * PORTION, (short,)]
    assert list(portions([short, long, long, short])) == [(short,), (long,), (long,), (short,)]
    assert list(portions([])) == []
