"""A scripted Ollama server: `async with FakeOllama(script) as server`, or `python -m tests.fakes.ollama --port 0`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Self

from tests.fakes.http_lines import Answer, Connection, Connections, Refusal
from tests.fakes.ollama_lines import chat_lines, dumps, listed, now, refuse, vector, whole
from tests.fakes.ollama_script import (
    Body,
    FakeModel,
    Reply,
    Script,
    act,
    echo,
    going_on,
    in_words,
    is_aside,
    tokens,
    trial,
)

__all__ = ["FakeModel", "FakeOllama", "Reply", "act", "echo"]

VERSION = "0.12.6"
MODELS = {
    "small:latest": FakeModel(capabilities=("completion", "tools", "thinking"), continues=True),
    "plain:latest": FakeModel(capabilities=("completion",), context=4096),
    "all-minilm:latest": FakeModel(capabilities=("embedding",), context=512, family="bert"),
}


class FakeOllama:
    """Speaks Ollama's HTTP API; what it answers to a chat is scripted: replies in order (then echo), or a callable."""

    def __init__(
        self,
        script: Script | Iterable[Reply] = echo,
        *,
        models: dict[str, FakeModel] | None = None,
        port: int = 0,
    ) -> None:
        replies = iter(()) if callable(script) else iter(script)
        self.script: Script = script if callable(script) else lambda body: next(replies, None) or echo(body)
        self.models = dict(MODELS if models is None else models)
        self.port = port
        self.aside: Script = lambda _: Reply(text="A fine title")
        """What answers the short questions beside turns: for a title or a summary."""
        self.requests: list[Body] = []
        """Parsed bodies seen, with `path` added, in order."""
        self.connections = Connections(self.route)
        self.server: asyncio.Server
        self.routes: dict[tuple[str, str], Callable[[Body], Answer]] = {
            ("POST", "/api/chat"): self.chat,
            ("POST", "/api/generate"): self.generate,
            ("POST", "/api/embed"): self.embed,
            ("POST", "/api/show"): self.show,
            ("GET", "/api/tags"): self.tags,
            ("GET", "/api/ps"): self.ps,
            ("POST", "/api/pull"): self.pull,
            ("DELETE", "/api/delete"): self.delete,
            ("GET", "/api/version"): lambda _: dumps({"version": VERSION}),
            ("GET", "/last"): lambda _: dumps({name: said for name, said in self.chats[-1].items() if name != "path"}),
        }

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: Connection(self.connections), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        for connection in tuple(self.connections.open):
            connection.transport.abort()
        await self.connections.until(0)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections_open(self) -> int:
        """How many clients are connected now; `connections.until(n)` waits for a number."""
        return len(self.connections.open)

    @property
    def chats(self) -> list[Body]:
        """Bodies of the chat requests of turns."""
        return [body for body in self.requests if body["path"] == "/api/chat" and not is_aside(body)]

    @property
    def asides(self) -> list[Body]:
        """Bodies of the requests for titles and summaries."""
        return [body for body in self.requests if body["path"] == "/api/chat" and is_aside(body)]

    def route(self, method: str, path: str, raw: bytes) -> Answer:
        """Find what answers a request."""
        handler = self.routes.get((method, path))
        if handler is None:
            raise Refusal(404, b"404 page not found")
        try:
            body = json.loads(raw or b"{}")
        except ValueError as error:
            raise refuse(400, str(error)) from None
        self.requests.append({"path": path, **body})
        return handler(body)

    def named(self, body: Body) -> str:
        """The model a request names, with or without its `:latest`."""
        name = str(body.get("model", ""))
        found = next((known for known in (name, f"{name}:latest") if known in self.models), None)
        if found is None:
            raise refuse(404, f"model '{name}' not found")
        return found

    def chat(self, body: Body) -> Answer:
        model, name = self.models[self.named(body)], body["model"]
        if body.get("tools") and "tools" not in model.capabilities:
            raise refuse(400, f"registry.ollama.ai/library/{name} does not support tools")
        if body.get("think") and "thinking" not in model.capabilities:
            raise refuse(400, f'"{name}" does not support thinking')
        if not body.get("messages"):
            empty = {"role": "assistant", "content": ""}
            return dumps({"model": name, "created_at": now(), "message": empty, "done_reason": "load", "done": True})
        script = self.aside if is_aside(body) else self.script
        reply = trial(body, model) or going_on(body, script(body), model)
        return chat_lines(body, reply) if body.get("stream", True) else whole(body, reply)

    def generate(self, body: Body) -> Answer:
        self.named(body)
        reply = self.script({**body, "messages": [{"role": "user", "content": body.get("prompt", "")}]})
        said = "".join(tokens(reply.text))
        return dumps(
            {"model": body["model"], "created_at": now(), "response": said, "done": True, "done_reason": reply.reason}
        )

    def embed(self, body: Body) -> Answer:
        self.named(body)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vectors = [vector(text) for text in texts]
        return dumps({"model": body["model"], "embeddings": vectors, "total_duration": 1, "prompt_eval_count": 1})

    def show(self, body: Body) -> Answer:
        name = self.named(body)
        model = self.models[name]
        facts = {"general.architecture": model.family, f"{model.family}.context_length": model.context}
        shown = {"details": listed(name, model)["details"], "model_info": facts, "modified_at": now()}
        return dumps({**shown, "capabilities": model.capabilities})

    def tags(self, _: Body) -> Answer:
        return dumps({"models": [listed(name, model) for name, model in self.models.items()]})

    def ps(self, _: Body) -> Answer:
        used = {self.named(body) for body in self.chats if body["model"]}
        loaded = ({**listed(name, self.models[name]), "context_length": self.models[name].context} for name in used)
        return dumps({"models": [{**entry, "expires_at": now(), "size_vram": 0} for entry in loaded]})

    async def pull(self, body: Body) -> AsyncIterator[bytes]:
        name, total = body["model"], 1_000_000
        yield dumps({"status": "pulling manifest"})
        for done in range(0, total + 1, total // 4):
            layer = {"digest": "sha256:8eeb52dfb3bb", "total": total, "completed": done}
            yield dumps({"status": "pulling 8eeb52dfb3bb", **layer})
        self.models[name if ":" in name else f"{name}:latest"] = FakeModel()
        for status in ("verifying sha256 digest", "writing manifest", "success"):
            yield dumps({"status": status})

    def delete(self, body: Body) -> Answer:
        del self.models[self.named(body)]
        return b""


async def serve(arguments: argparse.Namespace) -> None:
    """Print the address and serve until the process is ended."""
    written = tuple(f" token{number}" for number in range(arguments.tokens))

    def fixed(body: Body) -> Reply:
        return Reply(text=written, rate=arguments.rate, stamped=arguments.stamped)

    waiting: list[float] = []

    def acting(body: Body) -> Reply:
        acted = in_words(body)
        text = f"{time.monotonic() - waiting.pop():.6f}" if arguments.stamped and waiting else acted.text
        if acted.calls:
            waiting.append(time.monotonic())
        return Reply(text=text, calls=acted.calls, rate=arguments.rate)

    async with FakeOllama(fixed if arguments.tokens else acting, port=arguments.port) as server:
        server.aside = lambda _: Reply(text="The garden, and a call")
        print(server.url, flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--rate", type=float, default=0.0, help="tokens a second; 0 is as fast as they go out")
    parser.add_argument("--tokens", type=int, default=0, help="answer with this many tokens; 0 acts on the request")
    parser.add_argument(
        "--stamped",
        action="store_true",
        help="write behind each token when it was written; seconds from a call to its result",
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))
