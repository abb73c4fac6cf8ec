"""Which actions a model is offered: all of a small menu; of a large one those that fit, and the way to the others."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import msgspec

from proto import actions
from proto.actions import FoundAction, FoundActions
from proto.base import Caller
from proto.chat import Exchange
from proto.errors import Failure
from services.llm.menu.catalogue import Catalogue
from services.llm.menu.choosing import Index, clauses, texts
from services.llm.models.gauge import size
from services.llm.models.model import Tool
from services.llm.reflex.phrasebook import Embedder

ALL = 24
"""Actions up to which a menu is offered as a whole, if it does not fill the context."""
SENT = 16
"""Actions that are offered of a larger one."""
NEARLY = 0.2
"""How much less than the best an action may fit and still be meant. Where all that may be meant were offered before,
they are offered again as they were, so that the model's server need not read its prompt anew."""
ALWAYS = (actions.SEARCH.name, "memory.search", "sandbox.run", "tasks.add", "tasks.list")
LATELY = 3
"""Exchanges whose actions are offered on."""
BYTES = 2
"""Bytes of actions for each token of context, which is half of it."""
TALKS = 500
KEPT = 4096


class Offering:
    """Offers the menu, a piece at a time."""

    def __init__(self, catalogue: Catalogue, engine: Embedder) -> None:
        self._catalogue = catalogue
        self._engine = engine
        self._vectors: dict[str, Sequence[float]] = {}
        self._index: tuple[tuple[Tool, ...], Index] | None = None
        self._before = functools.lru_cache(TALKS)(lambda _user, _conversation: set[str]())
        """What was offered last in a conversation."""

    @property
    def menu(self) -> tuple[Tool, ...]:
        """All that can be done."""
        return self._catalogue.tools()

    async def offer(
        self, caller: Caller, asked: Exchange, earlier: Sequence[Exchange], context: int
    ) -> tuple[Tool, ...]:
        """The actions for a turn, in the order of their names."""
        menu = self._catalogue.tools()
        # A menu that has just come is not known by its meaning yet, and no question waits for that.
        index = self._index[1] if self._index and self._index[0] is menu else None
        if len(menu) <= (ALL if index else 2 * ALL) and size((), menu) <= context * BYTES:
            return menu
        fitting = await self._fitting(index or Index(menu, {}), asked.asked)
        meant = [name for name, score in fitting if score >= fitting[0][1] - NEARLY][: SENT // 2]
        by_name = {tool.name: tool for tool in menu}
        kept = [name for name in (*ALWAYS, *_used((*earlier[-LATELY:], asked))) if name in by_name]
        before: set[str] = self._before(caller.user, caller.conversation)
        if not {*kept, *meant} <= before or not before <= by_name.keys():
            before.clear()
            before.update(list(dict.fromkeys([*kept, *(name for name, _ in fitting)]))[:SENT])
        return tuple(by_name[name] for name in sorted(before))

    def found(self, offered: tuple[Tool, ...], asked: Exchange) -> tuple[Tool, ...]:
        """Add what the model has found or used meanwhile."""
        names = {tool.name for tool in offered}
        later = [tool for tool in self._catalogue.tools() if tool.name in {*_used((asked,))} - names]
        return tuple(sorted((*offered, *later), key=lambda tool: tool.name)) if later else offered

    async def search(self, request: actions.SearchActions, _: Caller) -> FoundActions:
        """Find actions by what they do."""
        names = await self._fitting(await self._indexed(self._catalogue.tools()), request.query)
        items = [self._catalogue.find(name) for name, _ in names if name != actions.SEARCH.name][: request.limit]
        found = tuple(
            FoundAction(name=item.name, description=item.description, schema=item.schema, risk=item.risk)
            for item in items
        )
        return FoundActions(actions=found, sentence=f"Found {', '.join(each.name for each in found) or 'no actions'}")

    async def warm(self) -> None:
        """Embed a large menu beforehand, so that the first question need not wait for it."""
        menu = self._catalogue.tools()
        if len(menu) > ALL:
            await self._indexed(menu)

    async def _fitting(self, index: Index, said: str) -> list[tuple[str, float]]:
        """The names of all actions with how well they fit, best first."""
        wishes = clauses(said)
        await self._embed(wishes)
        return [(tool.name, score) for tool, score in index.ranked(wishes, self._vectors)]

    async def _indexed(self, menu: tuple[Tool, ...]) -> Index:
        """The menu as an index, made anew when it has changed or was made without vectors."""
        if self._index is None or self._index[0] is not menu:
            whole = await self._embed(text for tool in menu for text in texts(tool))
            index = Index(menu, self._vectors)
            self._index = (menu, index) if whole else None
            return index
        return self._index[1]

    async def _embed(self, wanted: Iterable[str]) -> bool:
        """Embed what is new; False when the engine is away, and words alone must do."""
        if len(self._vectors) > KEPT:
            self._vectors.clear()
        new = [text for text in dict.fromkeys(wanted) if text and text not in self._vectors]
        try:
            found = await self._engine.embed(new) if new else []
        except Failure:
            return False
        self._vectors.update(zip(new, found, strict=True))
        return True


def _used(exchanges: Iterable[Exchange]) -> Iterable[str]:
    """The actions that were called, and those that a search has found."""
    for exchange in exchanges:
        for tool in exchange.tools:
            yield tool.action
            if tool.action == actions.SEARCH.name and tool.ok:
                yield from _names(tool.result)


def _names(result: str) -> Iterable[str]:
    try:
        return [each.name for each in msgspec.json.decode(result, type=FoundActions).actions]
    except msgspec.MsgspecError:
        return []
