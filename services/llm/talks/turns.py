"""Messages of a tree, as programs keep them, as the turns that Daimon keeps: what was asked, and its answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from proto.chat import MESSAGE_LIMIT
from proto.exchange import Way

SHORTENED = "\n\n[… shortened when it was imported …]\n\n"
NOTHING_ASKED = "…"
"""What stands for a question where a conversation began with an answer."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message."""

    id: str
    parent: str = ""
    role: Literal["user", "assistant", "other"]
    text: str = ""
    time: datetime | None = None
    model: str = ""


class Turn(msgspec.Struct, kw_only=True):
    """One turn."""

    key: str
    """Its message in the program it comes from."""
    parent: str = ""
    """The key of the turn that it follows."""
    asked: str
    answer: str = ""
    model: str = ""
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    way: Way = "new"
    last: str = ""
    """The message that its answer has come to."""


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation."""

    id: str
    title: str
    time: datetime
    turns: tuple[Turn, ...]
    """Each after the one it follows."""
    reads: str = ""
    """The last turn of the versions that were read."""
    ours: bool = False
    """Whether it was Daimon's own."""


class Telling:
    """Goes through a tree of messages from its beginning, branch by branch."""

    def __init__(self) -> None:
        self.turns: dict[str, Turn] = {}
        self.home: dict[str, str] = {}
        """By message: the turn that it belongs to."""
        self._answers: dict[str, str] = {}
        """By message: the answer up to it."""
        self._followed: set[str] = set()
        """Turns that another one follows."""

    def tell(self, said: Said) -> None:
        """Let the next message be said; its parent was."""
        home = self.home.get(said.parent, "")
        if said.role == "user":
            self._ask(said, home)
        elif said.role == "assistant":
            self._answer(said, home)
        else:
            self._pass_over(said, home)

    def _ask(self, said: Said, home: str) -> None:
        way: Way = "edit" if home in self._followed else "new"
        self._add(Turn(key=said.id, parent=home, asked=said.text, asked_at=said.time, way=way))
        self._answers[said.id] = ""

    def _answer(self, said: Said, home: str) -> None:
        turn = self.turns.get(home) or self._add(Turn(key=said.id, asked=NOTHING_ASKED, asked_at=said.time))
        before = self._answers.get(said.parent, "")
        if turn.last not in (said.parent, said.id):
            # Its answer went on in another way already: this is another version.
            again = Turn(key=said.id, parent=turn.parent, asked=turn.asked, asked_at=turn.asked_at, way="regenerate")
            turn = self._add(again)
        turn.answer = self._answers[said.id] = "\n\n".join(filter(None, (before, said.text)))
        turn.answered_at, turn.model, turn.last = said.time or turn.answered_at, said.model or turn.model, said.id
        self.home[said.id] = turn.key

    def _pass_over(self, said: Said, home: str) -> None:
        self.home[said.id] = home
        self._answers[said.id] = self._answers.get(said.parent, "")
        if home and self.turns[home].last == said.parent:
            self.turns[home].last = said.id

    def _add(self, turn: Turn) -> Turn:
        turn.last = turn.key
        self._followed.add(turn.parent)
        self.turns[turn.key] = turn
        self.home[turn.key] = turn.key
        return turn


def turned(messages: Iterable[Said], current: str) -> tuple[tuple[Turn, ...], str]:
    """The turns that messages make, and the last of those that lead to the current message."""
    known = {said.id: said for said in messages}
    children: dict[str, list[Said]] = defaultdict(list)
    for said in known.values():
        children[said.parent if said.parent in known else ""].append(said)
    telling = Telling()
    waiting = children[""][::-1]
    while waiting:
        said = waiting.pop()
        telling.tell(said)
        waiting += children[said.id][::-1]
    turns = tuple(shortened(turn) for turn in telling.turns.values() if turn.asked or turn.answer)
    last = next(iter(known[name].id for name in reversed(known)), "")
    return turns, telling.home.get(current) or telling.home.get(last, "")


def shortened(turn: Turn) -> Turn:
    """A turn whose texts have room in an event; the middle of a longer one is left out."""
    turn.asked, turn.answer = _short(turn.asked) or NOTHING_ASKED, _short(turn.answer)
    return turn


def _short(text: str) -> str:
    text = text.replace("\0", "\ufffd")
    if len(text) <= MESSAGE_LIMIT:
        return text
    half = (MESSAGE_LIMIT - len(SHORTENED)) // 2
    return f"{text[:half]}{SHORTENED}{text[-half:]}"


def moment(value: object) -> datetime | None:
    """A time as programs write it: seconds or milliseconds since 1970, or ISO 8601; None where it is none."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        if isinstance(value, str) and value:
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def began(turns: Sequence[Turn], *otherwise: object) -> datetime:
    """When a conversation began, by what its file says, or by its first message; now where nobody knows."""
    found = (*map(moment, otherwise), *(turn.asked_at for turn in turns))
    return next((time for time in found if time), datetime.now(UTC))
