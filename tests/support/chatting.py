"""Talking to a running system as any client does: over the bus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from proto import chat
from proto.base import Call, Caller, new_id
from services.runtime.bus import Bus

Q = TypeVar("Q", bound=msgspec.Struct)


@dataclass
class Heard:
    """A whole turn as a client saw it."""

    turn: str
    parts: list[chat.Part] = field(default_factory=list)

    @property
    def ended(self) -> chat.Ended:
        last = self.parts[-1]
        assert isinstance(last, chat.Ended), last
        return last

    @property
    def text(self) -> str:
        """What the last attempt wrote, put together by offsets."""
        attempt = max(part.attempt for part in self.parts)
        text = ""
        for part in self.parts:
            if isinstance(part, chat.Text) and part.attempt == attempt:
                assert part.offset == len(text), "a token was lost or doubled"
                text += part.text
        return text

    @property
    def tools(self) -> list[chat.ToolUse]:
        return [part.tool for part in self.parts if isinstance(part, chat.Returned)]


async def say(bus: Bus, caller: Caller, text: str, conversation: str = "", mode: chat.Mode = "chat") -> Heard:
    """Send a message and hear the whole turn."""
    conversation = conversation or new_id()
    sent = chat.Send(conversation=conversation, text=text, mode=mode)
    return await hear(bus, replace(caller, conversation=conversation), chat.SEND, sent)


async def hear(bus: Bus, caller: Caller, call: Call[Q, chat.Accepted], request: Q) -> Heard:
    """Ask for a turn and hear all of it."""
    async with bus.feed(chat.PARTS).follow(caller.user, caller.conversation) as live:
        accepted = await bus.call(call, request, caller=caller)
        heard = Heard(accepted.turn)
        async for (_, _, turn), part in live:
            if turn == accepted.turn:
                heard.parts.append(part)
                if isinstance(part, chat.Ended):
                    return heard
    raise AssertionError("the feed ended")
