"""Views of the pages of what runs, for the tests of the ui service."""

from __future__ import annotations

from typing import Any

import msgspec

from proto import llm, ui, ui_mind
from proto.base import Call
from proto.chat import ToolUse
from proto.memory import ConversationLine
from tests.unit.ui.views_memory import NOON

FRAME = ui.Frame(user="ada", csrf="a1b2", path="/mind")


def mind_pages(text: str) -> dict[Call[Any, ui.Html], msgspec.Struct]:
    item = llm.MenuItem(
        name=text, description=text, schema=msgspec.Raw(b"{}"), service=text, subject="elsewhere", risk="outside"
    )
    kinds = ("text", "long text", "integer", "number", "yes or no", "choice", "lines", "json")
    fields = tuple(
        ui_mind.Field(name=f"{text}{kind}", kind=kind, description=text, choices=(text,), default=text)
        for kind in kinds
    )
    done = ToolUse(call="t/1/0", action=text, arguments="{}", ok=True, result="{}", seconds=0.004)
    line = ConversationLine(id="one", title=text, time=NOON, exchanges=1)
    service = ui_mind.Service(
        name=text, instances=2, versions=(text,), rates=(1.0, 2.0), waits=(0.1,), requests=3, errors=1,
        endpoints=(ui_mind.Endpoint(subject=text, requests=3, errors=1, wait=0.1, rate=1.0),), others=2,
    )  # fmt: skip
    away = ui_mind.Service(name="gone", instances=0)
    vitals = ui_mind.Vitals(
        services=(service, away), queues=(ui_mind.Queue(name=text, depths=(1, 2)),), events=(1.0,), seconds=60
    )
    engine = llm.Engine(model=text, server=text, problem=text)
    return {
        ui_mind.TRY: ui_mind.TryPage(
            frame=FRAME, item=item, fields=fields, typed={f"{text}text": text}, conversations=(line,), asks=text,
            tool=done, problem=text,
        ),
        ui_mind.MIND: ui_mind.MindPage(frame=FRAME, vitals=vitals, engine=engine),
        ui_mind.RIGHTS: ui_mind.RightsPage(frame=FRAME),
        ui_mind.MODELS: ui_mind.ModelsPage(
            frame=FRAME, models=(llm.ModelLine(name=text, size=10**9, server=text),), engine=engine, chosen="other",
            downloads=(ui_mind.Download(model=text, percent=40),), ended=(text,), owns=True, problem=text,
        ),
    }  # fmt: skip
