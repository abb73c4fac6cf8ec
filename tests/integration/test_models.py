"""The models of the server: got with progress, cancelled, removed, chosen; and a server that changes under a turn."""

from __future__ import annotations

import asyncio

import pytest

from proto import embedding, errors, events, llm, models
from proto.base import Nothing
from proto.kinds import happening
from tests.fakes.ollama import Reply
from tests.fakes.ollama_lines import dumps
from tests.support.answering import answering


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada, lambda body: Reply(text="Fine.")) as found:
        yield found


async def call(talk, what, request):
    return await talk.bus.call(what, request, caller=talk.caller, timeout=30)


async def told(talk):
    """What the log says of models."""
    found = await talk.bus.journal.read(events.of_noun("model", talk.caller.user))
    return [happening(each.event) for each in found]


async def test_a_download_tells_how_far_it_is_and_the_model_is_there(talk):
    await call(talk, models.PULL, models.Pull(model="fresh"))
    *steps, last = await told(talk)
    assert [step.percent for step in steps] == [25, 50, 75]
    assert last == models.ModelPulled(model="fresh")
    assert "fresh:latest" in [line.name for line in (await call(talk, llm.MODELS, Nothing())).models]


async def test_a_download_is_stopped_from_elsewhere_and_its_connection_closed(talk):
    async def endless(body):
        yield dumps({"status": "pulling", "digest": "sha256:8eeb", "total": 100, "completed": 40})
        await asyncio.get_running_loop().create_future()

    talk.model.routes["POST", "/api/pull"] = endless
    async with talk.bus.follow(events.of_noun("model", talk.caller.user)) as live:
        pulling = asyncio.create_task(call(talk, models.PULL, models.Pull(model="big")))
        assert happening(await live.next()).percent == 40
        await call(talk, models.CANCEL, models.CancelPull(model="other"))
        await call(talk, models.CANCEL, models.CancelPull(model="big"))
        with pytest.raises(errors.Conflict, match="stopped"):
            await pulling
    assert models.ModelPulled(model="big") not in await told(talk)


async def test_a_download_that_fails_says_why(talk):
    async def failing(body):
        yield dumps({"error": "pull model manifest: file does not exist"})

    talk.model.routes["POST", "/api/pull"] = failing
    with pytest.raises(errors.Failure, match="file does not exist"):
        await call(talk, models.PULL, models.Pull(model="nowhere"))
    assert "file does not exist" in (await told(talk))[-1].error


async def test_a_model_is_removed(talk):
    await call(talk, models.DELETE, models.Delete(model="plain"))
    assert "plain:latest" not in [line.name for line in (await call(talk, llm.MODELS, Nothing())).models]
    assert await told(talk) == [models.ModelDeleted(model="plain")]
    with pytest.raises(errors.Failure):
        await call(talk, models.DELETE, models.Delete(model="plain"))


async def test_the_chosen_model_answers_from_the_next_message_on(talk):
    await talk.say("hello")
    await call(talk, models.USE, models.UseModel(model="plain"))
    heard = await talk.say("hello")
    assert heard.ended.model == "plain"
    assert "plain" in {body["model"] for body in talk.model.chats}
    await call(talk, models.USE, models.UseModel())
    assert (await talk.say("hello")).ended.model == "small:latest"


async def test_only_a_model_that_chats_can_be_chosen(talk):
    with pytest.raises(errors.Missing, match=r"There are: .*small:latest"):
        await call(talk, models.USE, models.UseModel(model="all-minilm"))


async def test_a_chosen_model_that_is_removed_is_said_with_what_to_do(talk):
    await call(talk, models.USE, models.UseModel(model="plain"))
    del talk.model.models["plain:latest"]
    heard = await talk.say("hello")
    assert heard.ended.outcome == "failed"
    assert "ollama pull plain" in heard.ended.error


async def test_another_engine_of_vectors_is_chosen_for_good_and_taken_back(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada) as talk:
        wanted = embedding.EmbedBy(engine="ollama:all-minilm:latest")
        await call(talk, embedding.EMBED_BY, wanted)
        assert (await call(talk, llm.EMBED, llm.Embed(texts=("hello",)))).engine == wanted.engine
        assert await told(talk) == [embedding.EngineChosen(engine=wanted.engine, before="minilm")]
    async with answering(own_nats, models_dir, ada) as talk:
        assert (await call(talk, llm.EMBED, llm.Embed(texts=("hello",)))).engine == wanted.engine
        back = (await told(talk))[0].inverse()
        await call(talk, back.call, back.request)
        assert (await call(talk, llm.EMBED, llm.Embed(texts=("hello",)))).engine == "minilm"


@pytest.mark.parametrize(("engine", "why"), [("word2vec", "There is no embedding engine"), ("ollama:none", "none")])
async def test_an_engine_that_makes_no_vectors_is_not_chosen(talk, engine, why):
    with pytest.raises((errors.Invalid, errors.Unavailable), match=why):
        await call(talk, embedding.EMBED_BY, embedding.EmbedBy(engine=engine))
    assert await told(talk) == []
    assert (await call(talk, llm.EMBED, llm.Embed(texts=("hello",)))).engine == "minilm"
