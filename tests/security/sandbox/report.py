"""Write docs/sandbox-security.md anew: `.venv/bin/python -m tests.security.sandbox.report` (all backends must work)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from services.sandbox.backends import MAKERS
from services.sandbox.plan import Plan
from tests.security.sandbox.attempts import ATTEMPTS, Attempt
from tests.security.sandbox.control import escapes
from tests.security.sandbox.trying import Outcome, all_tried, something_outside
from tests.support.boxes import BACKENDS, SMALL, image, open_home

PUBLISHED = Path(__file__).parents[3] / "docs" / "sandbox-security.md"
HEAD = """# What somebody inside a box may try

Written by `python -m tests.security.sandbox.report`, which makes every attempt below from inside a real box of each
backend, and in a *control box*: a privileged container with the engine's socket mounted, which people often take for a
sandbox. **held** means that the attempt failed and the box answered the next command within {seconds:g} s; **escaped**,
in the control box alone, that it succeeded. `tests/security/sandbox` makes the same attempts at every check.

{summary}
"""
TABLE = """
## {title}

| attempt | bwrap | docker | landlock | control | it must fail because |
|---|---|---|---|---|---|
"""


def rows(text: str) -> dict[str, tuple[str, ...]]:
    """What a report says of each attempt: the columns of the three backends."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return {what: tuple(held) for what, *held, _, _ in cells if what != "attempt"}


async def _column(name: str) -> dict[str, Outcome]:
    with open_home() as home:
        backend = MAKERS[name](home, Plan(limits=SMALL, image=image()))
        async with something_outside(backend) as outside:
            quiet = [attempt for attempt in ATTEMPTS if attempt.file != "exhaustion"]
            exhausting = [attempt for attempt in ATTEMPTS if attempt.file == "exhaustion"]
            return {
                **await all_tried(backend, quiet, outside),
                **await all_tried(backend, exhausting, outside, at_a_time=1),
            }


async def _control() -> set[str]:
    with open_home() as home:
        backend = MAKERS["bwrap"](home, Plan(limits=SMALL, image=image()))
        async with something_outside(backend) as outside:
            return await escapes(ATTEMPTS, outside)


def _row(attempt: Attempt, columns: dict[str, dict[str, Outcome]], escaped: set[str]) -> str:
    outcomes = [columns[name][attempt.what] for name in BACKENDS]
    held = ["held" if each.held else "not held" for each in outcomes]
    control = "not tried" if attempt.control else "escaped" if attempt.what in escaped else "held"
    why = f"{attempt.why}; landlock cannot: {attempt.landlock}" if attempt.landlock else attempt.why
    return f"| {' | '.join([attempt.what, *held, control, why.replace('|', '/')])} |"


def _summary(columns: dict[str, dict[str, Outcome]], escaped: set[str]) -> str:
    held = {name: sum(each.held for each in column.values()) for name, column in columns.items()}
    told = ", ".join(f"{name} held {count}" for name, count in held.items())
    left = sum(bool(attempt.control) for attempt in ATTEMPTS)
    return (
        f"Of {len(ATTEMPTS)} attempts {told}; in the control box {len(escaped)} succeeded, and {left} were not tried "
        "there because they would harm the machine."
    )


async def main() -> None:
    """Make every attempt everywhere, and write down what came of it."""
    columns = {name: await _column(name) for name in BACKENDS}
    escaped = await _control()
    text = HEAD.format(seconds=2, summary=_summary(columns, escaped))
    for title in dict.fromkeys(attempt.file for attempt in ATTEMPTS):
        text += TABLE.format(title=title.capitalize())
        text += "\n".join(_row(each, columns, escaped) for each in ATTEMPTS if each.file == title) + "\n"
    await asyncio.to_thread(PUBLISHED.write_text, text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
