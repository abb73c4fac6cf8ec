"""The llm and tasks services with a scripted model, on a real bus."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from proto import chat, versions
from proto.base import Caller
from services.llm.main import serve as serve_llm
from services.llm.settings import LlmSettings
from services.runtime.bus import Bus
from services.tasks.main import serve as serve_tasks
from services.tasks.settings import TasksSettings
from tests.fakes.ollama import FakeOllama, Script, act
from tests.support.chatting import Heard, hear
from tests.support.prompts import conversation
from tests.support.running import running
from tests.support.servers import NatsServer


class Talk:
    """A client of a system that answers."""

    def __init__(self, bus: Bus, model: FakeOllama, caller: Caller) -> None:
        self.bus = bus
        self.model = model
        self.caller = replace(caller, conversation="home")

    async def say(self, text: str, mode: chat.Mode = "chat") -> Heard:
        """Say something and hear the whole turn."""
        return await hear(self.bus, self.caller, chat.SEND, chat.Send(conversation="home", text=text, mode=mode))

    async def again(self, way: Any, turn: str = "", text: str = "") -> Heard:
        """Ask again and hear the whole turn."""
        asked = versions.Revise(conversation="home", turn=turn, way=way, text=text)
        return await hear(self.bus, self.caller, versions.REVISE, asked)

    async def select(self, turn: str, *, end: bool = False) -> str:
        """Turn to a version of a turn."""
        wanted = versions.Select(conversation="home", turn=turn, end=end)
        return (await self.bus.call(versions.SELECT, wanted, caller=self.caller)).turn

    async def read(self) -> chat.Conversation:
        """The conversation as it reads now."""
        return await self.bus.call(chat.READ, chat.Read(conversation="home"), caller=self.caller)

    def seen(self, number: int = -1) -> list[str]:
        """What the model was sent of the conversation, as `role: text`."""
        return [f"{each['role']}: {each['content']}" for each in conversation(self.model.chats[number])]


@contextlib.asynccontextmanager
async def answering(
    nats: NatsServer, models_dir: str, caller: Caller, script: Script = act, **settings: Any
) -> AsyncIterator[Talk]:
    """Start llm and tasks with a scripted model."""
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(FakeOllama(script))
        buses = [
            await stack.enter_async_context(Bus.open(nats.settings(name), name)) for name in ("tasks", "llm", "cli")
        ]
        first_worker = settings.pop("first_worker", True)
        chosen = LlmSettings(**{"ollama": model.url, "models_dir": models_dir, **settings})
        await stack.enter_async_context(running(serve_tasks, TasksSettings(), buses[0]))
        if first_worker:
            await stack.enter_async_context(running(serve_llm, chosen, buses[1]))
        yield Talk(buses[2], model, caller)
