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
        """The answer as a reader has it, put together by offsets."""
        text, attempt = "", 0
        for part in self.parts:
            if isinstance(part, chat.Text) and part.attempt >= attempt:
                assert part.offset == len(text) or (part.attempt > attempt and part.offset < len(text)), (
                    "lost or doubled"
                )
                text, attempt = text[: part.offset] + part.text, part.attempt
        return text

    @property
    def again(self) -> list[str]:
        """What was taken back when a later attempt wrote it anew."""
        text, taken = "", []
        for part in self.parts:
            if isinstance(part, chat.Text):
                taken += [text[part.offset :]] if part.offset < len(text) else []
                text = text[: part.offset] + part.text
        return taken

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
