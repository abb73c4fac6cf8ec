"""The pages of memory: what is found in it by words, by meaning and by SQL, and a picture of it."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import Sequence

from fastapi import Response
from msgspec.structs import replace

from proto import insight, memory, ui, ui_memory
from proto.base import Nothing
from proto.errors import Failure, Invalid
from proto.memory import Cell, Rows
from services.gateway.pages import panes
from services.gateway.pages.panes import MEMORY_LATE
from services.gateway.pages.past import AS_OF_LIMIT, moved, past, until
from services.gateway.pages.patience import soon
from services.gateway.pages.sifting import kinds_of
from services.gateway.visit import Endpoint, Route, Visit, opened, posted, see_other

HITS = 30
SQL_LIMIT = 20_000
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""The last four are the first in full width, which spreadsheets take for the same."""


async def search(visit: Visit) -> Response:
    """A search over everything that happened, and how far memory has come; htmx may ask for the next hits alone."""
    query, noun, more = visit.query("q").strip(), visit.query("noun"), visit.query("more")[:200]
    back = await past(visit)
    view = ui_memory.SearchPage(frame=replace(visit.frame(), past=back), query=query, noun=noun)
    if away := moved(visit, "q", "noun"):
        return away
    try:
        if query:
            before = await until(visit, back)
            asked = memory.Search(query=query[:2000], kinds=kinds_of(noun), until=before, more=more, limit=HITS)
            view = replace(view, hits=await visit.call(memory.SEARCH, asked))
        if more and visit.swaps:
            hits = view.hits or memory.Hits(hits=())
            return await visit.changed(ui.Sought(query=query, noun=noun, hits=hits, as_of=back.as_of))
        view = replace(view, standing=await visit.call(insight.STANDING, Nothing(), timeout=panes.TIMEOUT))
    except Failure as failure:
        if more and visit.swaps:
            raise
        view = replace(view, problem=f"{MEMORY_LATE} ({failure.message})")
    return await visit.page(ui_memory.SEARCH, view)


async def console(visit: Visit) -> Response:
    """A place to ask in SQL; the address may bring a question, which is not asked before somebody says so."""
    frame = replace(visit.frame(), past=await past(visit))
    view = ui_memory.SqlPage(frame=frame, sql=visit.query("sql")[:SQL_LIMIT])
    return moved(visit, "sql") or await _console(visit, view)


async def ask(visit: Visit) -> Response:
    """Ask in SQL; a question that is refused stays in the field."""
    form = await visit.form()
    sql, as_of = form.get("sql", ""), form.get("as_of", "")
    back = await past(visit, as_of)
    view = ui_memory.SqlPage(frame=replace(visit.frame(), past=back), sql=sql)
    began = time.perf_counter()
    try:
        rows = await _answer(visit, sql, back.as_of)
    except Failure as failure:
        return await _console(visit, replace(view, problem=failure.message), status=failure.code)
    return await _console(visit, replace(view, rows=rows, seconds=time.perf_counter() - began))


async def download(visit: Visit) -> Response:
    """Ask in SQL and hand the answer out as a file."""
    form = await visit.form()
    sql = form.get("sql", "")
    try:
        rows = await _answer(visit, sql, form.get("as_of", "")[:AS_OF_LIMIT])
    except Failure as failure:
        view = ui_memory.SqlPage(frame=visit.frame(path="/memory/sql"), sql=sql, problem=failure.message)
        return await _console(visit, view, status=failure.code)
    headers = {"Content-Disposition": 'attachment; filename="daimon.csv"'}
    return Response(table(rows), headers=headers, media_type="text/csv; charset=utf-8")


async def picture(visit: Visit) -> Response:
    """One's memory by its meaning, drawn; a picture that takes long comes after its page."""
    back = await past(visit)
    view = ui_memory.PicturePage(frame=replace(visit.frame(), past=back))
    if away := moved(visit):
        return away
    try:
        drawn = await soon(visit, visit.call(insight.PICTURE, insight.Draw(as_of=back.as_of)))
        view = replace(view, picture=drawn, coming=drawn is None)
    except Failure as failure:
        view = replace(view, problem=f"{MEMORY_LATE} ({failure.message})")
    return await visit.page(ui_memory.PICTURE, view)


async def search_moved(visit: Visit) -> Response:
    """Where search was before."""
    asked = visit.request.url.query
    return see_other(f"/memory?{asked}" if asked else "/memory")


def table(rows: Rows) -> str:
    """Rows as CSV; a text that a spreadsheet would run as a formula is marked as text."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([_harmless(name) for name in rows.columns])
    writer.writerows([_harmless(value) for value in row] for row in rows.rows)
    return written.getvalue()


def _harmless(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


async def _answer(visit: Visit, sql: str, as_of: str) -> Rows:
    if not sql.strip():
        raise Invalid("Write a question first, or take one of the examples.")
    if len(sql) > SQL_LIMIT:
        raise Invalid(f"A question has at most {SQL_LIMIT:,} characters.")
    return await visit.call(memory.SQL, memory.Query(sql=sql, as_of=as_of))


async def _console(visit: Visit, view: ui_memory.SqlPage, *, status: int = 200) -> Response:
    views, examples = await _known(visit)
    return await visit.page(ui_memory.SQL, replace(view, views=views, examples=examples), status=status)


async def _known(visit: Visit) -> tuple[Sequence[memory.View], Sequence[insight.Example]]:
    """What can be asked; nothing while memory is away, which the answer then says."""
    try:
        explained, taught = await asyncio.gather(
            visit.call(memory.EXPLAIN, memory.ListViews(), timeout=panes.TIMEOUT),
            visit.call(insight.EXAMPLES, Nothing(), timeout=panes.TIMEOUT),
        )
    except Failure:
        return (), ()
    return explained.views, taught.examples


def _reading(path: str, answer: Endpoint) -> Route:
    """A form that changes nothing, so it is a guest's too."""
    return posted(path, answer, least="guest")


ROUTES = (
    opened("/memory", search),
    opened("/memory/sql", console),
    opened("/memory/map", picture),
    opened("/search", search_moved),
    _reading("/memory/sql", ask),
    _reading("/memory/sql/csv", download),
)
