"""Which turn of a conversation follows which, and along which of them it reads now."""

from __future__ import annotations


class Tree:
    """Turns by their ids. The empty id stands for the beginning, which every first turn follows."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._children: dict[str, list[str]] = {"": []}
        self._chosen: dict[str, str] = {}
        """By turn: which of those that follow it is read; none where the conversation ends there for now."""
        self._end = ""
        """Kept, because every message asks for it and conversations grow long."""

    def copy(self) -> Tree:
        """Return one that changes on its own from now on."""
        tree = Tree()
        tree._parents, tree._chosen, tree._end = dict(self._parents), dict(self._chosen), self._end
        tree._children = {turn: [*following] for turn, following in self._children.items()}
        return tree

    def add(self, turn: str, parent: str) -> None:
        """Let a turn follow another; it is the one that is read from now on."""
        self._parents[turn] = parent
        self._children[parent].append(turn)
        self._children[turn] = []
        if parent == self._end:
            self._chosen[parent] = self._end = turn
        else:
            self.choose(turn)

    def choose(self, turn: str, *, end: bool = False) -> None:
        """Read along this turn, and on as it was read when it was left; or end there for now."""
        for upper in (*self.above(turn), turn):
            self._chosen[self._parents[upper]] = upper
        if end:
            self._chosen.pop(turn, None)
        self._end = turn
        while following := self._chosen.get(self._end):
            self._end = following

    @property
    def path(self) -> list[str]:
        """The turns that are read now, in order."""
        found: list[str] = []
        while following := self._chosen.get(found[-1] if found else ""):
            found.append(following)
        return found

    @property
    def end(self) -> str:
        """The turn that the next message follows."""
        return self._end

    def above(self, turn: str) -> list[str]:
        """The turns that lead to one, in order, without itself."""
        found: list[str] = []
        while turn := self._parents[turn]:
            found.append(turn)
        return found[::-1]

    def below(self, turn: str) -> tuple[str, ...]:
        """The turns that follow one."""
        return tuple(self._children[turn])

    def beside(self, turn: str) -> tuple[str, ...]:
        """The versions of a turn, itself among them; none where it is the only one."""
        versions = self._children[self._parents[turn]]
        return tuple(versions) if len(versions) > 1 else ()
