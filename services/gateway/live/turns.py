"""The open end of a conversation as a page shows it: parts in, changes out, nothing lost and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from proto import chat, ui
from proto.chat import Exchange, Part, ToolUse


class Gap(Exception):
    """Something before this is missing; the conversation must be read again."""


class Turn:
    """One turn while it is written."""

    def __init__(self, exchange: Exchange) -> None:
        self._asked = exchange
        self._attempt = 0
        self._writing = 0
        """The attempt that wrote the text so far."""
        # What goes on from an earlier answer begins with that.
        begun = exchange if exchange.way == "continue" else None
        self._pieces: list[str] = [begun.answer] if begun else []
        self._length = len(begun.answer) if begun else 0
        self._tools = {tool.call: tool for tool in begun.tools} if begun else {}
        self._thought: list[str] = []
        self._pondered = 0
        """Characters of what this attempt thought."""
        self._model = exchange.model
        self._spent = exchange.spent
        self._end: chat.Ended | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self._end is not None

    @property
    def exchange(self) -> Exchange:
        """The turn as it reads now."""
        return msgspec.structs.replace(
            self._asked,
            tools=tuple(self._tools.values()) or self._asked.tools,
            answer=(self._end.answer if self._end else "") or "".join(self._pieces),
            outcome=self._end.outcome if self._end else None,
            error=self._end.error if self._end else "",
            cut=self._end.cut if self._end else False,
            thought="".join(self._thought),
            model=self._model,
            spent=self._end.spent if self._end else self._spent,
        )

    def take(self, part: Part) -> tuple[ui.Change, ...]:
        """Take the next part; raises Gap when one before it is missing."""
        if self._end is not None or part.attempt < self._attempt:
            return ()
        if part.attempt > self._attempt:
            self._attempt, self._thought, self._pondered = part.attempt, [], 0
        return self._grow(part) if isinstance(part, chat.Text) else self._note(part)

    def _note(self, part: Part) -> tuple[ui.Change, ...]:
        match part:
            case chat.Thought():
                return self._ponder(part)
            case chat.Measured(spent=spent):
                self._spent = spent
                return (ui.Weighed(turn=self._asked.turn, spent=spent),)
            case chat.Calling(tool=tool) | chat.Asking(tool=tool) | chat.Returned(tool=tool):
                return (self._use(tool),)
            case chat.Ended():
                self._end = part
                return (ui.Settled(exchange=self.exchange),)
            case chat.Started():
                self._model = part.model
        return ()

    def bridge(self, part: Part) -> None:
        """Mark a piece that the log itself has lost, so that what follows it keeps its place."""
        if isinstance(part, chat.Thought) and part.attempt == self._attempt:
            self._pondered = max(self._pondered, part.offset)
        missing = part.offset - self._length if isinstance(part, chat.Text) else 0
        if missing > 0:
            self._pieces.append("…".ljust(missing))
            self._length += missing

    def _grow(self, part: chat.Text) -> tuple[ui.Change, ...]:
        if part.offset > self._length:
            raise Gap
        # A later attempt may begin anew: what an earlier one wrote beyond that point is taken back.
        rewound = part.attempt != self._writing and part.offset < self._length
        self._writing = part.attempt
        if rewound:
            self._pieces = ["".join(self._pieces)[: part.offset]]
            self._length = part.offset
        text = part.text[self._length - part.offset :]
        if not text:
            return ()
        self._pieces.append(text)
        self._length += len(text)
        if rewound:
            return (ui.Settled(exchange=self.exchange),)
        return (ui.Grew(turn=self._asked.turn, passage=len(self._tools), text=text),)

    def _ponder(self, part: chat.Thought) -> tuple[ui.Change, ...]:
        if part.offset > self._pondered:
            raise Gap
        text = part.text[self._pondered - part.offset :]
        if not text:
            return ()
        self._thought.append(text)
        self._pondered += len(text)
        return (ui.Pondered(turn=self._asked.turn, text=text),)

    def running(self) -> Iterator[ui.Used]:
        """The actions that run now, as their cards stand there."""
        for number, tool in enumerate(self._tools.values()):
            if tool.ok is None:
                yield ui.Used(turn=self._asked.turn, number=number, tool=tool, first=False)

    def _use(self, tool: ToolUse) -> ui.Change:
        first = tool.call not in self._tools
        self._tools[tool.call] = tool
        return ui.Used(turn=self._asked.turn, number=list(self._tools).index(tool.call), tool=tool, first=first)


class Talk:
    """The turns of a conversation since the page was made."""

    def __init__(self) -> None:
        self._open: dict[str, Turn] = {}
        self._over: set[str] = set()

    def restart(self, exchanges: Sequence[Exchange], parts: Mapping[str, Sequence[Part]]) -> tuple[Exchange, ...]:
        """Begin from what the log has; returns the exchanges with all that is written of the open ones."""
        self._open = {}
        self._over = {exchange.turn for exchange in exchanges}
        return tuple(self._begin(exchange, parts.get(exchange.turn, ())) for exchange in exchanges)

    def ask(self, exchange: Exchange) -> tuple[ui.Change, ...]:
        """A turn was asked for; one that is known already changes nothing."""
        if exchange.turn in self._open or exchange.turn in self._over:
            return ()
        self._open[exchange.turn] = Turn(exchange)
        return (ui.Opened(exchange=exchange),)

    def take(self, turn: str, part: Part) -> tuple[ui.Change, ...]:
        """A part of a turn; raises Gap for one of a turn that was never asked for."""
        if turn in self._over:
            return ()
        if turn not in self._open:
            raise Gap
        return self._follow(turn, part)

    def is_open(self, turn: str) -> bool:
        """Whether the page shows a turn as still being written."""
        return turn in self._open

    def running(self) -> list[ui.Used]:
        """The actions that run now, as their cards stand there."""
        return [used for turn in self._open.values() for used in turn.running()]

    def _follow(self, turn: str, part: Part) -> tuple[ui.Change, ...]:
        changes = self._open[turn].take(part)
        if self._open[turn].ended:
            del self._open[turn]
            self._over.add(turn)
        return changes

    def _begin(self, exchange: Exchange, parts: Sequence[Part]) -> Exchange:
        if exchange.outcome is not None:
            return exchange
        turn = Turn(exchange)
        for part in parts:
            turn.bridge(part)
            turn.take(part)
        if not turn.ended:
            self._open[exchange.turn] = turn
            self._over.discard(exchange.turn)
        return turn.exchange


def merged(changes: Iterable[ui.Change]) -> tuple[ui.Change, ...]:
    """The same changes with neighbouring pieces of one text joined."""
    found: list[ui.Change] = []
    for change in changes:
        last = found[-1] if found else None
        if isinstance(change, ui.Grew) and isinstance(last, ui.Grew) and _together(last, change):
            found[-1] = ui.Grew(turn=change.turn, passage=change.passage, text=last.text + change.text)
        else:
            found.append(change)
    return tuple(found)


def _together(last: ui.Grew, change: ui.Grew) -> bool:
    return (last.turn, last.passage) == (change.turn, change.passage)
