"""What goes over the wire when the scripted Ollama server answers, field by field as Ollama writes it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from tests.fakes.http_lines import Died, Refusal
from tests.fakes.ollama_script import Body, FakeModel, Reply, held_text, tokens


def dumps(value: object) -> bytes:
    """Encode one line of JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def refuse(status: int, error: str) -> Refusal:
    """An error as Ollama answers it."""
    return Refusal(status, dumps({"error": error}).rstrip())


def now() -> str:
    """The time as Ollama writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def vector(text: str, dimensions: int = 384) -> list[float]:
    """A vector of length 1 that depends on nothing but the text."""
    centred = [byte - 127.5 for byte in hashlib.shake_256(text.encode()).digest(dimensions)]
    length = sum(x * x for x in centred) ** 0.5
    return [x / length for x in centred]


def digest(name: str, model: FakeModel) -> str:
    return hashlib.sha256(f"{name} {model}".encode()).hexdigest()


def listed(name: str, model: FakeModel) -> dict[str, Any]:
    """A model as /api/tags and /api/ps show it."""
    details = {
        "parent_model": "",
        "format": "gguf",
        "family": model.family,
        "families": [model.family],
        "parameter_size": "1B",
        "quantization_level": "Q4_K_M",
    }
    return {
        "name": name,
        "model": name,
        "modified_at": now(),
        "size": 1 << 30,
        "digest": digest(name, model),
        "details": details,
    }


def called(reply: Reply) -> list[dict[str, Any]]:
    """Tool calls as a message carries them."""
    return [
        {"id": f"call_{index}", "function": {"index": index, "name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(reply.calls)
    ]


def content(body: Body, reply: Reply) -> tuple[str, ...]:
    """The tokens of the answer, as JSON where the request holds the model to a schema."""
    return held_text(reply) if body.get("format") and not reply.raw else tokens(reply.text)


def figures(body: Body, reply: Reply, sent: int, began: float) -> dict[str, Any]:
    """The last fields of an answer; durations in nanoseconds."""
    spent = int((time.perf_counter() - began) * 1e9)
    given = [body["messages"], body.get("tools"), body.get("format")]
    prompt = reply.prompt_tokens or len(json.dumps(given)) // 4
    return {
        "done": True,
        "done_reason": reply.reason,
        "total_duration": spent,
        "load_duration": 0,
        "prompt_eval_count": prompt,
        "prompt_eval_duration": 1,
        "eval_count": sent,
        "eval_duration": spent,
    }


def whole(body: Body, reply: Reply) -> bytes:
    """The answer to a chat that does not stream."""
    if reply.fault:
        raise refuse(reply.status, reply.error)
    said = content(body, reply)
    message: dict[str, Any] = {"role": "assistant", "content": "".join(said)}
    if reply.thinking and body.get("think"):
        message["thinking"] = "".join(tokens(reply.thinking))
    if reply.calls and not body.get("format"):
        message["tool_calls"] = called(reply)
    last = figures(body, reply, len(said), time.perf_counter())
    return dumps({"model": body["model"], "created_at": now(), "message": message, **last})


async def chat_lines(body: Body, reply: Reply) -> AsyncIterator[bytes]:
    """The lines of a streamed answer, at the reply's rate, up to its fault."""
    began = time.perf_counter()
    opening = b'{"model":%b,"created_at":"%b","message":{"role":"assistant",' % (
        json.dumps(body["model"]).encode(),
        now().encode(),
    )
    said = content(body, reply)
    thought = tokens(reply.thinking) if body.get("think") else ()
    for index, token in enumerate((*thought, *said)):
        if reply.rate:
            # A model that makes so many tokens a second has made the first one after its share of a second.
            await asyncio.sleep(began + (index + 1) / reply.rate - time.perf_counter())
        if reply.fault and index >= reply.after + len(thought):
            break
        written = f"{token}@{time.monotonic_ns() // 1000}" if reply.stamped else token
        field = b'"content":"","thinking":' if index < len(thought) else b'"content":'
        yield opening + field + json.dumps(written, ensure_ascii=False).encode() + b'},"done":false}\n'
    if reply.fault:
        yield await fail(reply)
        return
    if reply.calls and not body.get("format"):
        yield opening + b'"content":"","tool_calls":' + dumps(called(reply)).rstrip() + b'},"done":false}\n'
    last = figures(body, reply, len(said), began)
    yield dumps({"model": body["model"], "created_at": now(), "message": {"role": "assistant", "content": ""}, **last})


async def fail(reply: Reply) -> bytes:
    """Do what the script's fault says: raise, wait for ever, or return the line that breaks the stream."""
    if reply.fault == "status":
        raise refuse(reply.status, reply.error)
    if reply.fault == "hang":
        await asyncio.Event().wait()
    if reply.fault == "die":
        raise Died
    if reply.fault == "broken_line":
        return b'{"model":"small","message":{"role":"assistant","content":"bro\n'
    return dumps({"error": reply.error})
