"""Which model does which job: what the user chose, else what is configured, else the one that answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast, get_args

from proto.errors import Unavailable
from proto.models import ModelJob

JOBS: Final[tuple[ModelJob, ...]] = get_args(ModelJob)
SIDE: Final = tuple(job for job in JOBS if job != "answer")
"""The jobs beside answering."""


def configured(text: str) -> dict[ModelJob, str]:
    """Read `[llm] models`; raises Unavailable with what it takes."""
    found: dict[ModelJob, str] = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        job, sign, model = (part.strip() for part in entry.partition("="))
        if job not in SIDE or not sign or not model:
            raise Unavailable(
                f"[llm] models has '{entry}': write JOB=MODEL with commas between, where a job is one of "
                f"{', '.join(SIDE)}; the model that answers is [llm] model."
            )
        found[cast("ModelJob", job)] = model
    return found


def model_for(
    job: ModelJob, chosen: Mapping[ModelJob, str], settings: Mapping[ModelJob, str], answering: str = ""
) -> str:
    """The name of the model that does a job; empty for the configured one.

    `answering` is the model of the conversation that it is done for, which does what no other was chosen for.
    """
    return chosen.get(job) or settings.get(job) or answering or chosen.get("answer", "")
