"""Views of the pages of memory, for the tests of the ui service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from proto import documents, insight, ui, ui_memory
from proto.base import Call
from proto.memory import Column, Rows, View

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TURN = "01a20146-760f-7ca8-981b-65a61ab6be15"


def document(text: str) -> documents.DocumentLine:
    return documents.DocumentLine(
        document="d1", name=text, size=9, media_type=text, uploaded=NOON, state="ready", problem=text, passages=3
    )


def memory_pages(text: str) -> dict[Call[Any, ui.Html], msgspec.Struct]:
    told = ui.Frame(user="ada", csrf="a1b2", path="/memory")
    found = documents.Found(document="d1", name=text, place=text, link="/memory/documents/d1", text=text, score=1.0)
    views = (View(name=text, meaning=text, columns=(Column(name=text, type=text, meaning=text),)),)
    rows = Rows(columns=(text, "n"), types=("text", "integer"), rows=((text, 1), (None, True)), sentence=text)
    point = insight.Point(x=0.1, y=0.9, noun="task", text=text, event=TURN)
    listed = ui_memory.DocumentsPage(
        frame=told, query=text, found=documents.FoundPassages(hits=(found,), note=text), problem=text
    )
    return {
        ui_memory.SQL: ui_memory.SqlPage(
            frame=told, sql=text, rows=rows, views=views, examples=(insight.Example(title=text, sql="a"),), problem=text
        ),
        ui_memory.DOCUMENTS: listed,
        ui_memory.DOCUMENT: ui_memory.DocumentPage(
            frame=told, document=document(text), texts=(documents.Text(place=text, heading=text, text=text),), after=9
        ),
        ui_memory.PICTURE: ui_memory.PicturePage(
            frame=told, picture=insight.Picture(points=(point,), total=1), problem=text
        ),
    }
