"""The OpenAI interface: chat completions, models and embeddings, on the same turns as everything else."""

from __future__ import annotations

import base64
import secrets
import time
from array import array

import msgspec
from fastapi import Response

from proto import chat, llm
from proto.base import Nothing
from proto.given import PREFIX
from services.gateway.accounts.access import Who
from services.gateway.message import conversation_of, text_of
from services.gateway.problems import NoModel
from services.gateway.programs.completion import Answering, Completion, Streaming
from services.gateway.programs.openai_wire import DEFAULT_MODEL, ChatRequest, EmbeddingRequest, Usage, given
from services.gateway.visit import Endpoint, Route, Visit

ID_BYTES = 15
KNOWN_SECONDS = 30.0
"""How long a model that was there is taken to be there still."""
EMBEDDER = "all-minilm"
_EMBEDDERS = {EMBEDDER, "all-minilm-l6-v2", "text-embedding-3-small", "text-embedding-ada-002", ""}
"""Names under which clients ask for embeddings; there is one engine."""


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One model."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "daimon"


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """The models that can be asked for."""

    object: str = "list"
    data: tuple[ModelEntry, ...]


class Embedding(msgspec.Struct, frozen=True, kw_only=True):
    """One vector."""

    object: str = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingList(msgspec.Struct, frozen=True, kw_only=True):
    """The vectors, in the order of the texts."""

    object: str = "list"
    data: tuple[Embedding, ...]
    model: str = EMBEDDER
    usage: Usage = Usage()


async def complete(visit: Visit) -> Response:
    """Answer a conversation that the client keeps, or go on with one of Daimon's own (`metadata.conversation`)."""
    request = await visit.json(ChatRequest)
    model = "" if request.model == DEFAULT_MODEL else request.model
    if model:
        await _known(visit, model)
    conversation = conversation_of(request.conversation) or f"{PREFIX}{secrets.token_urlsafe(ID_BYTES)}"
    asked = chat.Send(conversation=conversation, text=text_of(request.asked), given=given(request, model))
    assert visit.session is not None  # noqa: S101 - the route is for those who show a key
    ends = visit.gate.closing, visit.session.ended
    if not request.stream:
        return Answering(visit.gate, visit.caller(conversation), asked, ends)
    streaming = Streaming(visit.gate, visit.caller(conversation), asked, ends)
    streaming.usage = bool(request.stream_options and request.stream_options.include_usage)
    streaming.model = request.model
    return streaming


async def models(visit: Visit) -> Response:
    """List what can be asked for: what answers by default, and each model of the server."""
    found = await visit.call(llm.MODELS, Nothing())
    names = dict.fromkeys((DEFAULT_MODEL, *(line.name for line in found.models)))
    return _json(ModelList(data=tuple(ModelEntry(id=name) for name in names)))


async def model(visit: Visit) -> Response:
    """One model."""
    name = visit.path("model")
    if name != DEFAULT_MODEL:
        await _known(visit, name)
    return _json(ModelEntry(id=name))


async def embeddings(visit: Visit) -> Response:
    """Turn texts into vectors of length 1."""
    request = await visit.json(EmbeddingRequest)
    if request.model.lower() not in _EMBEDDERS:
        raise NoModel(f"There is no model '{request.model[:100]}' for embeddings; the one there is: {EMBEDDER}.")
    texts = (request.input,) if isinstance(request.input, str) else request.input
    vectors: list[Embedding] = []
    for start in range(0, len(texts), llm.EMBED_BATCH):
        made = await visit.call(llm.EMBED, llm.Embed(texts=texts[start : start + llm.EMBED_BATCH]), timeout=60)
        vectors += _vectors(made, start, request.encoding_format)
    return _json(EmbeddingList(data=tuple(vectors)))


def _vectors(made: llm.Embeddings, start: int, form: str) -> list[Embedding]:
    size = 4 * made.dimensions
    raw = [made.vectors[place : place + size] for place in range(0, len(made.vectors), size)]
    spelled = [base64.b64encode(one).decode() if form == "base64" else list(array("f", one)) for one in raw]
    return [Embedding(index=start + number, embedding=one) for number, one in enumerate(spelled)]


async def _known(visit: Visit, name: str) -> None:
    """Return when the model server has a model; asked again only after a while."""
    known, now = visit.gate.models, time.monotonic()
    if now - known.get(name, -KNOWN_SECONDS) < KNOWN_SECONDS:
        return
    found = await visit.call(llm.MODELS, Nothing())
    names = {line.name for line in found.models}
    if not {name, f"{name}:latest"} & names:
        there = ", ".join((DEFAULT_MODEL, *sorted(names)))
        raise NoModel(f"There is no model '{name[:100]}' here. There are: {there}. {found.problem}".strip())
    known[name] = now


def _json(found: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json")


Kind = type[msgspec.Struct]


def _read(path: str, answer: Endpoint, gives: Kind) -> Route:
    return Route(method="GET", path=f"/v1/{path}", who=Who.PROGRAM, answer=answer, gives=gives)


def _asked(path: str, answer: Endpoint, takes: Kind, gives: Kind) -> Route:
    return Route(method="POST", path=f"/v1/{path}", who=Who.PROGRAM, answer=answer, takes=takes, gives=gives)


ROUTES = (
    msgspec.structs.replace(_asked("chat/completions", complete, ChatRequest, Completion), streams=True),
    _read("models", models, ModelList),
    _read("models/{model:path}", model, ModelEntry),
    _asked("embeddings", embeddings, EmbeddingRequest, EmbeddingList),
)
