"""The pages of memory: search, SQL, documents, and the picture."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proto.documents import page_of
from proto.insight import Point
from proto.memory import Cell, Rows
from proto.ui import Html
from proto.ui_memory import DocumentPage, DocumentsPage, PicturePage, SearchPage, SqlPage
from services.ui.pages.timeline import NOUNS
from services.ui.templating import page as render

WIDTH, HEIGHT, MARGIN = 720, 460, 24
CELL_LIMIT = 400
"""Characters of one value that the table shows; the file has all of it."""
LABELS = 9
LABEL_LENGTH = 30
LETTER, LINE, BESIDE = 6, 34, 9
"""About how wide a letter of a label is, how far apart two lines stand, and a label from its point."""
ON_A_PHONE, LARGER = 4, 12
"""How many labels a phone shows, and how wide a letter is there, in its smaller picture."""
SHAPES = ("chat", "task", "passage", "memory")
"""Nouns with a look of their own; all others share one."""
_NUMBERS = ("integer", "bigint", "smallint", "numeric", "real", "double precision")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One value of an answer."""

    text: str
    kind: str = ""
    """`number`, `null`, or empty."""
    link: str = ""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A text in the picture."""

    x: int
    y: int
    look: str
    text: str
    link: str


def search(view: SearchPage) -> Html:
    """A search and what it found."""
    return render("search.html", frame=view.frame, view=view, nouns=NOUNS)


def sql(view: SqlPage) -> Html:
    """A question and its answer."""
    table = (
        [[shown(view.rows, place, value) for place, value in enumerate(row)] for row in view.rows.rows]
        if view.rows
        else []
    )
    return render("sql.html", frame=view.frame, view=view, table=table)


def listed(view: DocumentsPage) -> Html:
    """What was handed in."""
    return render("documents.html", frame=view.frame, view=view)


def document(view: DocumentPage) -> Html:
    """One document."""
    return render("document.html", frame=view.frame, view=view, here=page_of(view.document.document))


def picture(view: PicturePage) -> Html:
    """The picture, drawn."""
    points = view.picture.points if view.picture else ()
    marks = [mark(point) for point in points]
    looks = {look: sum(each.look == look for each in marks) for look in (*SHAPES, "other")}
    size = {"width": WIDTH, "height": HEIGHT}
    return render("map.html", frame=view.frame, view=view, marks=marks, labels=labels(marks), looks=looks, **size)


def shown(rows: Rows, place: int, value: Cell) -> Shown:
    """A value as a page shows it; what names an event or a conversation leads there."""
    if value is None:
        return Shown(text="NULL", kind="null")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    type_, name = (rows.types[place] if rows.types else ""), rows.columns[place]
    link = f"/timeline/{text}" if type_ == "uuid" else f"/chat/{text}" if name == "conversation" else ""
    cut = text if len(text) <= CELL_LIMIT else f"{text[:CELL_LIMIT]}… ({len(text):,} characters)"
    return Shown(text=cut, kind="number" if type_ in _NUMBERS else "", link=link)


def mark(point: Point) -> Mark:
    """Where a text stands, and where it leads."""
    return Mark(
        x=round(MARGIN + point.x * (WIDTH - 2 * MARGIN)),
        y=round(MARGIN + point.y * (HEIGHT - 2 * MARGIN)),
        look=point.noun if point.noun in SHAPES else "other",
        text=point.text,
        link=f"/timeline/{point.event}" if point.event else page_of(point.document, point.page, point.line),
    )


def labels(marks: Sequence[Mark]) -> list[Mark]:
    """Some texts to find one's way by, from the outermost inwards, none upon another."""
    middle_x, middle_y = WIDTH / 2, HEIGHT / 2
    outward = sorted(marks, key=lambda each: -((each.x - middle_x) ** 2 + (each.y - middle_y) ** 2))
    chosen: list[Mark] = []
    for each in outward:
        label = msgspec.structs.replace(each, text=_short(each.text))
        letter = LARGER if len(chosen) < ON_A_PHONE else LETTER
        if len(chosen) < LABELS and not any(_meet(label, other, letter) for other in chosen):
            chosen.append(label)
    return chosen


def _meet(one: Mark, other: Mark, letter: int) -> bool:
    """Whether two labels would lie upon each other."""
    (left, right), (others_left, others_right) = _span(one, letter), _span(other, letter)
    return abs(one.y - other.y) < LINE and left < others_right and others_left < right


def _span(label: Mark, letter: int) -> tuple[int, int]:
    """From where to where a label reaches, of those on the right side with its point: to the left."""
    far = BESIDE + letter * len(label.text)
    return (label.x, label.x + far) if label.x < WIDTH / 2 else (label.x - far, label.x)


def _short(text: str) -> str:
    """The middle of a sentence: what was said or added, without the words before it."""
    said = (text.partition(': "')[2] or text).rstrip('"')
    return said if len(said) <= LABEL_LENGTH else said[: LABEL_LENGTH - 1] + "…"
