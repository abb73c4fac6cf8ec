"""The parts of one turn put back in order for a reader: nothing lost, nothing doubled, whichever attempt wrote it."""

from __future__ import annotations

from collections.abc import Iterable

from proto.chat import Asking, Calling, Ended, Measured, Part, Paused, Returned, Started, Text, Thought

RESTARTED = "\n\n[the answer starts again]\n\n"
"""Stands in a plain text where a later attempt went another way than the one that was being read."""


class Reading:
    """What a reader has of one turn; parts may come late, twice or not at all."""

    def __init__(self) -> None:
        self._written = ""
        self._from_log = False
        self._begin(0)
        self.ended = False
        self.missing = False
        """Something before the latest part never came: read the log of the turn, then `catch_up`."""

    def take(self, part: Part) -> list[Part]:
        """Return what is new in a part that has just come."""
        if self.ended or part.attempt < self.attempt:
            return []
        if isinstance(part, Ended):
            return self._end(part)
        if isinstance(part, Started):
            return self._start(part)
        if isinstance(part, Paused):
            return []
        if part.attempt > self.attempt:
            self.missing = True
            return []
        return self._go_on(part)

    def catch_up(self, log: Iterable[Part]) -> list[Part]:
        """Return what is new in the whole log of the turn."""
        self.missing = False
        self._from_log = True
        new: list[Part] = []
        for part in log:
            if part.attempt > self.attempt and not isinstance(part, Started | Paused | Ended):
                self._begin(part.attempt)
            new += self.take(part)
        self._from_log = False
        return new

    def _go_on(self, part: Text | Thought | Measured | Calling | Asking | Returned) -> list[Part]:
        match part:
            case Text():
                return self._write(part)
            case Thought():
                return self._think(part)
            case Measured(spent=spent):
                return self._measure(part, spent.steps)
            case Calling():
                return self._call(part)
            case Asking():
                return self._ask(part)
            case Returned():
                return self._return(part)

    def _begin(self, attempt: int) -> None:
        self.attempt = attempt
        self._thought = ""
        self._steps = 0
        self._writes = False
        """Whether this attempt has written; until then the text is an earlier one's."""
        self._called: set[str] = set()
        self._asked: set[str] = set()
        self._returned: set[str] = set()

    def _start(self, part: Started) -> list[Part]:
        if part.attempt == self.attempt:
            return []
        self._begin(part.attempt)
        return [part]

    def _write(self, part: Text) -> list[Part]:
        # Only the log can tell whether a new attempt goes on from there, or its beginning was lost.
        unsure = not self._writes and part.offset > 0 and not self._from_log
        if unsure or part.offset > len(self._written):
            self.missing = True
            return []
        if not self._writes:
            self._written = self._written[: part.offset]
        return self._append(part.text[len(self._written) - part.offset :])

    def _append(self, text: str) -> list[Part]:
        if not text:
            return []
        self._writes = True
        new = Text(attempt=self.attempt, offset=len(self._written), text=text)
        self._written += text
        return [new]

    def _think(self, part: Thought) -> list[Part]:
        if part.offset > len(self._thought):
            self.missing = True
            return []
        text = part.text[len(self._thought) - part.offset :]
        if not text:
            return []
        new = Thought(attempt=self.attempt, offset=len(self._thought), text=text)
        self._thought += text
        return [new]

    def _measure(self, part: Measured, steps: int) -> list[Part]:
        if steps <= self._steps:
            return []
        self._steps = steps
        return [part]

    def _call(self, part: Calling) -> list[Part]:
        if part.tool.call in self._called:
            return [part] if part.tool.remark else []
        self._called.add(part.tool.call)
        return [part]

    def _ask(self, part: Asking) -> list[Part]:
        if part.tool.call in self._asked:
            return []
        self._asked.add(part.tool.call)
        return [part]

    def _return(self, part: Returned) -> list[Part]:
        if part.tool.call in self._returned:
            return []
        if part.tool.call not in self._called | self._asked:
            self.missing = True
            return []
        self._returned.add(part.tool.call)
        return [part]

    def _end(self, part: Ended) -> list[Part]:
        self.ended = True
        if part.attempt > self.attempt:
            self._begin(part.attempt)
        if not self._writes and not part.answer.startswith(self._written):
            self._written = ""
        whole = part.answer.startswith(self._written)
        return [*(self._append(part.answer[len(self._written) :]) if whole else []), part]


class Plain:
    """A turn as one growing text, for readers that cannot take back what they have shown."""

    def __init__(self) -> None:
        self._written = self._shown = ""

    def take(self, part: Part) -> str:
        """Return the text to add; a new attempt that repeats the old one adds nothing until it goes beyond it."""
        if isinstance(part, Text):
            self._written = self._written[: part.offset] + part.text
        elif isinstance(part, Ended) and part.answer:
            self._written = part.answer
        if self._shown.startswith(self._written):
            return ""
        return self._beyond()

    def _beyond(self) -> str:
        known = self._written.startswith(self._shown)
        new = self._written[len(self._shown) :] if known else RESTARTED + self._written
        self._shown = self._written
        return new
