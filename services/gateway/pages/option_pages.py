"""How the model answers in one conversation: a page of options beside it."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import Response
from msgspec.structs import replace

from proto import llm, models, ui_settings
from proto.base import Nothing
from proto.errors import Failure, Invalid
from proto.models import Options
from proto.ui_settings import Typed
from services.gateway.pages import panes
from services.gateway.visit import Visit, opened, posted, see_other

HINTS = {
    "temperature": "The temperature is a number from 0 to 2, such as 0.2.",
    "num_ctx": "The context is a number of tokens from 512 to 1048576, such as 16384.",
    "keep_alive": "The time in memory is a number with s, m or h, such as 10m, or -1m for ever.",
    "think": "Thinking is on, off, or as the model does by itself.",
    "model": "A model has a name such as llama3.2 or qwen3:4b.",
}
"""What each option takes, in the words of the page."""


async def options(visit: Visit) -> Response:
    """What is set for a conversation."""
    return await _page(visit)


async def set_options(visit: Visit) -> Response:
    """Set all of it; an empty field is as everywhere."""
    form, conversation = await visit.form(), visit.conversation
    typed = Typed(**{name: form.get(name, "").strip() for name in Typed.__struct_fields__})
    try:
        wanted = models.SetOptions(conversation=conversation, options=read(typed))
        await visit.call(models.SET_OPTIONS, wanted, conversation=conversation)
    except Failure as failure:
        return await _page(visit, typed, failure)
    return see_other(f"/chat/{conversation}")


def read(typed: Typed) -> Options:
    """The options that were typed; Invalid says what the wrong one takes."""
    known = {name: value for name, value in msgspec.to_builtins(typed).items() if value}
    for name, value in known.items():
        try:
            msgspec.convert({name: value}, Options, strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(HINTS[name]) from error
    return msgspec.convert(known, Options, strict=False)


async def _page(visit: Visit, typed: Typed | None = None, failure: Failure | None = None) -> Response:
    bus, caller = visit.gate.bus, visit.caller(visit.conversation)
    frame = visit.frame(path=f"/chat/{visit.conversation}/options", notice=failure.message if failure else "")
    found = await panes.conversation(bus, caller)
    asked = models.ReadOptions(conversation=visit.conversation)
    view = ui_settings.OptionsPage(
        frame=frame,
        conversation=visit.conversation,
        title=found.title,
        typed=typed,
        options=await visit.call(models.OPTIONS, asked, conversation=visit.conversation),
    )
    try:
        async with asyncio.timeout(panes.TIMEOUT):
            listed = await visit.call(llm.MODELS, Nothing())
        view = replace(view, models=listed.models, problem=listed.problem)
    except (Failure, TimeoutError):
        view = replace(view, problem="The models cannot be listed at the moment; a name can be typed.")
    return await visit.page(ui_settings.OPTIONS, view, status=failure.code if failure else 200)


ROUTES = (
    opened("/chat/{conversation}/options", options),
    posted("/chat/{conversation}/options", set_options),
)
