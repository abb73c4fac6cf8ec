"""What a command printed, collected as it comes and made into the reply."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from services.sandbox.agent.frames import ERR, OUT, TYPED
from services.sandbox.truncate import Clip

NAMES: dict[int, Literal["out", "err"]] = {OUT: "out", ERR: "err"}
KILLED = 137

OnOutput = Callable[[Literal["out", "err", "typed"], str], None]


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did."""

    exit_code: int
    """As the shell gives it: 124 when the command was stopped, 128 + n when signal n ended it."""
    stdout: str
    stderr: str
    truncated: bool
    """Something was left out of stdout or stderr; the text says where the whole is."""
    seconds: float
    lost: bool = False
    """The box ended before the command did."""
    limit: str = ""
    """The limit that was hit, in a sentence."""
    note: str = ""
    """What else became of the box, in a sentence, such as that its processes were lost."""


class Output:
    """Both outputs of one command."""

    def __init__(self, most: int, on_output: OnOutput | None) -> None:
        """Keep `most` bytes of each; `on_output` gets the text as it comes."""
        self._clips = {kind: Clip(most) for kind in NAMES}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {kind: decoder("replace") for kind in NAMES}
        self._on_output = on_output
        self._began = time.perf_counter()

    def take(self, kind: int, chunk: bytes) -> None:
        """Take a piece of one output, or a line that was typed in a terminal."""
        if kind == TYPED:
            if self._on_output is not None:
                self._on_output("typed", chunk.decode("utf-8", "replace"))
            return
        self._clips[kind].add(chunk)
        if self._on_output is not None and (text := self._decoders[kind].decode(chunk)):
            self._on_output(NAMES[kind], text)

    @property
    def seen(self) -> int:
        """Bytes that have come."""
        return sum(clip.seen for clip in self._clips.values())

    @property
    def sofar(self) -> tuple[str, str]:
        """What has come of stdout and stderr, its middle left out where it is long."""
        return self._clips[OUT].text(), self._clips[ERR].text()

    def ran(self, answer: dict[str, str], note: str) -> Ran:
        """The reply for what the agent said at the end."""
        code = answer.get("code", "")
        notes = [part for part in (note, _sentence(answer.get("note", ""))) if part]
        return self._reply(
            answer,
            exit_code=int(code) if code.isdigit() else KILLED,
            limit=_sentence(answer.get("limit", "")),
            note=" ".join(notes),
        )

    def lost(self, limit: str, note: str) -> Ran:
        """The reply when the box ended before the command did."""
        ran = self._reply({}, exit_code=KILLED, limit=_sentence(limit), note=note)
        return msgspec.structs.replace(ran, lost=True)

    def _reply(self, answer: dict[str, str], *, exit_code: int, limit: str, note: str) -> Ran:
        out, err = self._clips[OUT], self._clips[ERR]
        return Ran(
            exit_code=exit_code,
            stdout=out.text(answer.get("out", "")),
            stderr=err.text(answer.get("err", "")),
            truncated=out.truncated or err.truncated,
            seconds=time.perf_counter() - self._began,
            limit=limit,
            note=note,
        )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""
