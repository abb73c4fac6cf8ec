"""The pages of what runs: the picture, rights, models, and the form that tries an action."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proto import permissions
from proto.roles import ROLES, Role
from proto.ui import Html
from proto.ui_mind import MindPage, ModelsPage, RightsPage, Service, TryPage
from services.runtime.units import runs_as_unit
from services.ui.hardening import SYSTEMD, Hardening, hardening
from services.ui.templating import page as render

WIDTH, ROW, BOX, TALL = 480, 92, 200, 74
"""Of the picture: all of it, from one row to the next, and one service."""
LINE = (104, 18)
"""Of a small chart."""
LEAST = 0.5
"""What the top of a chart stands for at least, so that a rare request does not look like a storm."""
_NAMES = {
    "waits": "asked",
    "titles": "titles to be made",
    "turns": "turns",
    "memory": "events before SQL",
    "vectors": "texts before their vectors",
}


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A service in the picture."""

    service: Service
    x: int
    y: int
    joint: int
    """Where its line to the bus begins."""
    weight: float
    """Of the line."""
    chart: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity over the last minutes."""

    name: str
    now: str
    points: str
    most: str


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What a service may do, in words and as the broker is told."""

    name: str
    words: tuple[str, ...]
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    unit: Hardening | None = None
    """None for what is no service, such as the command line."""


def mind(view: MindPage) -> Html:
    """What runs, drawn."""
    placed = [place(number, service) for number, service in enumerate(view.vitals.services)]
    height = ROW * ((len(placed) + 1) // 2) + 12
    charts = [chart("events", view.vitals.events, "{:.1f}/s")]
    charts += [chart(_NAMES.get(each.name, each.name), each.depths, "{:.0f}") for each in view.vitals.queues]
    slow = [
        chart(each.name, [wait * 1000 for wait in each.waits], "{:.1f} ms")
        for each in view.vitals.services
        if each.waits
    ]
    return render(
        "mind.html",
        frame=view.frame,
        view=view,
        placed=placed,
        charts=charts,
        slow=slow,
        width=WIDTH,
        height=height,
        box=BOX,
        tall=TALL,
    )


def rights(view: RightsPage) -> Html:
    """What each service may do on the bus, as its rights are derived from the contract."""
    every = [_rights(name, role) for name, role in ROLES.items()]
    return render("rights.html", frame=view.frame, every=every, of=view.of, held=runs_as_unit(), systemd=SYSTEMD)


def models(view: ModelsPage) -> Html:
    """The models."""
    return render("mind_models.html", frame=view.frame, view=view)


def attempt(view: TryPage) -> Html:
    """An action with its form."""
    schema = msgspec.json.format(bytes(view.item.schema), indent=2).decode()
    return render("try.html", frame=view.frame, view=view, schema=schema)


def place(number: int, service: Service) -> Placed:
    """Where a service stands: on either side of the bus, from the top down."""
    right = number % 2
    now = service.rates[-1] if service.rates else 0.0
    return Placed(
        service=service,
        x=WIDTH - BOX - 2 if right else 2,
        y=8 + ROW * (number // 2),
        joint=WIDTH - BOX - 2 if right else BOX + 2,
        weight=round(1.5 + min(6.0, now**0.5), 1),
        chart=line(service.rates),
    )


def chart(name: str, numbers: Sequence[float], form: str) -> Chart:
    """A small chart with what it stands at now."""
    now, most = (numbers[-1], max(numbers)) if numbers else (0, 0)
    return Chart(name=name, now=form.format(now), points=line(numbers), most=form.format(most))


def line(numbers: Sequence[float]) -> str:
    """The corners of a chart's line, the newest at its right."""
    width, height = LINE
    most = max(LEAST, *numbers) if numbers else LEAST
    step = width / max(1, len(numbers) - 1)
    return " ".join(f"{place * step:.0f},{height - number / most * height:.0f}" for place, number in enumerate(numbers))


def _rights(name: str, role: Role) -> Rights:
    found = permissions.of(name)
    unit = hardening(name)
    return Rights(name=name, words=tuple(_words(role)), publish=found.publish, subscribe=found.subscribe, unit=unit)


def _words(role: Role) -> list[str]:
    nouns = sorted({call.name.partition(".")[0] for call in role.serves})
    said = {
        f"answers {len(role.serves)} calls: {', '.join(nouns)}": role.serves,
        f"makes {len(role.calls)} calls of others": role.calls,
        f"may use every action as {' and '.join(role.acts_as)}": role.acts_as,
        f"writes events about {', '.join(role.emits)}": role.emits,
        "reads the log of everybody": role.reads_log,
        "erases single events, when somebody wants them forgotten": role.erases,
        f"takes its share of {' and '.join(each.durable_name for each in role.works)}": role.works,
        "writes what the model says": role.writes_parts,
        "writes what jobs print": role.writes_prints,
        f"keeps {' and '.join(role.buckets)}": role.buckets,
        "reads and writes uploaded files": role.writes_files,
        "reads uploaded files": role.reads_files and not role.writes_files,
        "asks who is there": role.discovers,
    }
    return [sentence for sentence, holds in said.items() if holds]
