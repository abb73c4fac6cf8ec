"""Conversations with questions whose answers are known, in the file format of LoCoMo (Maharana et al. 2024)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

ANSWERABLE = range(1, 5)
"""Categories; the fifth asks for what was never said."""
PACE = timedelta(seconds=30)
"""Between two turns; the file says only when a session began."""
_TURN = re.compile(r"D\d+:\d+")


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was said."""

    id: str
    session: str
    time: datetime
    text: str
    """With who said it, and what a picture showed."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and the turns that its answer stands in."""

    text: str
    category: int
    evidence: frozenset[str]


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A long conversation."""

    name: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]


class _Said(msgspec.Struct, frozen=True):
    speaker: str
    dia_id: str
    text: str = ""
    blip_caption: str = ""


class _Asked(msgspec.Struct, frozen=True):
    question: str
    category: int
    evidence: tuple[str, ...] = ()


class _Sample(msgspec.Struct, frozen=True):
    conversation: dict[str, Any]
    qa: tuple[_Asked, ...]
    sample_id: str = ""


def read(file: Path) -> list[Talk]:
    """Read a file; ValueError when it is not of this format."""
    samples = msgspec.json.decode(file.read_bytes(), type=list[_Sample])
    return [_talk(sample.sample_id or f"talk-{number}", sample) for number, sample in enumerate(samples, start=1)]


def _talk(name: str, sample: _Sample) -> Talk:
    turns = tuple(_turns(sample.conversation))
    known = {turn.id for turn in turns}
    asked = (
        Question(text=one.question, category=one.category, evidence=frozenset(_places(one)) & known)
        for one in sample.qa
        if one.category in ANSWERABLE
    )
    return Talk(name=name, turns=turns, questions=tuple(question for question in asked if question.evidence))


def _turns(conversation: dict[str, Any]) -> Iterator[Turn]:
    sessions = (name for name, value in conversation.items() if isinstance(value, list))
    for session in sorted(sessions, key=lambda name: int(name.rpartition("_")[2])):
        began = moment(conversation[f"{session}_date_time"])
        for place, said in enumerate(msgspec.convert(conversation[session], list[_Said])):
            shown = f" [shows {said.blip_caption}]" if said.blip_caption else ""
            text = f"{said.speaker}: {said.text}{shown}"
            yield Turn(id=said.dia_id, session=session, time=began + place * PACE, text=text)


def moment(text: str) -> datetime:
    """Read a time such as `1:56 pm on 8 May, 2023`."""
    return datetime.strptime(text.upper(), "%I:%M %p ON %d %B, %Y").replace(tzinfo=UTC)


def _places(asked: _Asked) -> Iterator[str]:
    for text in asked.evidence:
        yield from _TURN.findall(text)
