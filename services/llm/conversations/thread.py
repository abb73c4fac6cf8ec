"""A conversation as its events make it: a pure fold, and which turn is open."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from proto import chat, seen, titles, versions
from proto.chat import Conversation, Exchange, ToolUse
from proto.events import Event, Happening, Recorded
from proto.given import Given
from proto.imports import AskedElsewhere
from proto.kinds import happening
from proto.models import Options, Tuned
from services.llm.conversations.tree import Tree
from services.llm.conversations.window import window

ENDED = "The turn ended before it came back."
REPLACED = "A newer message came before this came back, so it was not waited for."


class Thread:
    """One conversation, up to a place in the log."""

    def __init__(self) -> None:
        self.sequence = 0
        self._exchanges: dict[str, Exchange] = {}
        self._tree = Tree()
        self._summaries: dict[str, seen.Summarised] = {}
        """By the last turn that they stand for."""
        self._given: dict[str, Given] = {}
        self._unfinished: dict[str, None] = {}
        """Turns without an outcome, in the order of asking."""
        self._title = ""
        self.options = Options()
        """How the model is to answer here."""
        self.retold = 0
        """How many events changed how it is told to a model; its name is not told."""
        self._halted: set[str] = set()
        self._entries: Counter[str] = Counter()

    def apply(self, recorded: Recorded) -> None:
        """Let an event of the log happen; one that has happened already changes nothing."""
        if recorded.sequence <= self.sequence:
            return
        event, self.sequence = recorded.event, recorded.sequence
        what = happening(event)
        turn = getattr(what, "turn", "")
        if turn and turn not in self._exchanges:
            return
        self.retold += not isinstance(what, titles.Titled)
        self._reshape(what)
        match what:
            case chat.Asked() as asked:
                self._ask(event, asked)
            case chat.Called() as called:
                self._entries[called.turn] += 1
                use = ToolUse(call=called.call, action=called.action, arguments=called.arguments, at=len(called.text))
                tool = replace(use, event=event.id)
                self._change(called.turn, tools=(*self[called.turn].tools, tool), answer=called.text)
            case chat.CallEnded() as ended:
                self._entries[ended.turn] += 1
                self._change(ended.turn, tools=tuple(_ended(tool, ended) for tool in self[ended.turn].tools))
            case chat.Halted(turn=turn):
                self._halted.add(turn)
            case chat.Answered() as answered:
                self._entries[answered.turn] += 1
                self._unfinished.pop(answered.turn, None)
                self._change(
                    answered.turn,
                    tools=tuple(map(_abandoned, self[answered.turn].tools)),
                    answer=answered.text,
                    outcome=answered.outcome,
                    error=answered.error,
                    model=answered.model,
                    spent=spent(answered),
                    cut=answered.cut,
                    thought=answered.thought,
                    event=event.id,
                )

    def _reshape(self, what: Happening | None) -> None:
        """Let an event change what of the conversation is read, or how its beginning is told."""
        match what:
            case versions.Selected() as selected:
                self._tree.choose(selected.turn, end=selected.end)
            case seen.Summarised() as summarised:
                self._entries[summarised.turn] += 1
                self._summaries[summarised.upto] = summarised
            case titles.Titled(title=title):
                self._title = title
            case Tuned(options=options):
                self.options = options
            case seen.Unfolded(upto=upto):
                self._summaries.pop(upto, None)

    def foreseen(self, event: Event) -> Thread:
        """Return the conversation as it will be when the log has taken one more event."""
        thread = Thread()
        thread._exchanges, thread._halted = dict(self._exchanges), set(self._halted)
        thread._tree, thread._unfinished = self._tree.copy(), dict(self._unfinished)
        thread._summaries, thread.options = dict(self._summaries), self.options
        thread.apply(Recorded(sequence=self.sequence + 1, event=event))
        return thread

    def __getitem__(self, turn: str) -> Exchange:
        return self._exchanges[turn]

    def __contains__(self, turn: str) -> bool:
        return turn in self._exchanges

    @property
    def open(self) -> str:
        """The id of the turn that is being written, empty when none is."""
        return next((turn for turn in self._unfinished), "")

    @property
    def last_open(self) -> str:
        """The id of the turn that will be written last, empty when none is open; the others wait for their turn."""
        return next(reversed(self._unfinished), "")

    @property
    def waiting(self) -> int:
        """How many turns are open or wait for their turn."""
        return len(self._unfinished)

    def waits(self, turn: str) -> bool:
        """Tell whether a turn is waiting for an action to come back."""
        return any(tool.ok is None for tool in self[turn].tools)

    def entries(self, turn: str) -> int:
        """Count what has been written of a turn, which tells its worker whether somebody else went on with it."""
        return self._entries[turn]

    def given(self, turn: str) -> Given | None:
        """Return the conversation that the client gave for a turn; None where the log has it."""
        return self._given.get(turn)

    def halted(self, turn: str) -> bool:
        """Tell whether somebody wants this turn to stop."""
        return turn in self._halted

    @property
    def end(self) -> str:
        """The id of the turn that the next message follows, empty at the beginning."""
        return self._tree.end

    def before(self, turn: str) -> tuple[Exchange, ...]:
        """Return the exchanges that lead to a turn."""
        return tuple(self._exchanges[earlier] for earlier in self._tree.above(turn))

    def summary(self, turn: str) -> seen.Summarised | None:
        """Return what stands for the beginning of what leads to a turn, None where all of it is told."""
        above = reversed(self._tree.above(turn))
        return next((self._summaries[upper] for upper in above if upper in self._summaries), None)

    def is_summarised(self, turn: str) -> bool:
        """Tell whether a summary stands for what leads to a turn and the turn itself."""
        return turn in self._summaries

    def view(self, conversation: str, last: int = 0, upto: str = "") -> Conversation:
        """Return it as others see it, or its last exchanges up to a turn."""
        path = self._tree.path
        ends = path.index(upto) + 1 if upto in path else len(path)
        shown = (self[turn] for turn in reversed(path[:ends]))
        begins = ends - window(shown, last) if last else 0
        return Conversation(
            id=conversation,
            title=self.title,
            exchanges=tuple(map(self._shown, path[begins:ends])),
            onward=self._tree.below(path[-1]) if path and ends == len(path) else (),
            earlier=begins,
            sequence=self.sequence,
        )

    @property
    def title(self) -> str:
        """What it is called: its name, or its first words; empty before anything was said."""
        first = next(iter(self._exchanges.values()), None)
        return self._title or (chat.title_of(first.asked) if first else "")

    @property
    def titled(self) -> bool:
        """Whether it was given a name."""
        return bool(self._title)

    @property
    def every(self) -> tuple[Exchange, ...]:
        """All versions of all turns, in the order in which they were asked."""
        return tuple(map(self._shown, self._exchanges))

    def _shown(self, turn: str) -> Exchange:
        summary = self._summaries.get(turn)
        return replace(self[turn], versions=self._tree.beside(turn), summary=summary.text if summary else "")

    def _ask(self, event: Event, asked: chat.Asked) -> None:
        if asked.given is not None:
            self._given[event.id] = asked.given
        if asked.replaces in self._unfinished:
            self._replace(asked.replaces)
        parent = asked.parent
        if parent is None or (parent and parent not in self):
            parent = self._tree.end
        self._tree.add(event.id, parent)
        self._unfinished[event.id] = None
        begun = self._exchanges.get(asked.of) if asked.way == "continue" else None
        self._exchanges[event.id] = Exchange(
            turn=event.id,
            time=asked.said if isinstance(asked, AskedElsewhere) else event.time,
            source=asked.source if isinstance(asked, AskedElsewhere) else "",
            asked=asked.text,
            mode=asked.mode,
            actor=event.actor,
            parent=parent,
            way=asked.way,
            answer=begun.answer if begun else "",
            tools=begun.tools if begun else (),
        )

    def _replace(self, turn: str) -> None:
        self._unfinished.pop(turn)
        tools = tuple(_abandoned(tool, REPLACED) for tool in self[turn].tools)
        self._change(turn, tools=tools, outcome="replaced")

    def _change(self, turn: str, **fields: object) -> None:
        self._exchanges[turn] = replace(self._exchanges[turn], **fields)


def spent(answered: chat.Answered) -> chat.Spent:
    """What a turn took."""
    return chat.Spent(
        steps=answered.steps,
        step_limit=answered.step_limit,
        seconds=answered.seconds,
        time_limit=answered.time_limit,
        tokens=answered.tokens,
        context=answered.context,
        warning=answered.warning,
    )


def _ended(tool: ToolUse, ended: chat.CallEnded) -> ToolUse:
    if tool.call != ended.call:
        return tool
    arguments = ended.arguments or tool.arguments
    return replace(tool, ok=ended.ok, result=ended.result, seconds=ended.seconds, arguments=arguments)


def _abandoned(tool: ToolUse, why: str = ENDED) -> ToolUse:
    return tool if tool.ok is not None else replace(tool, ok=False, result=why)
