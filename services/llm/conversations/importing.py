"""Importing conversations: a file becomes events, each conversation at once; what is there already is left out."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from proto import documents, errors, events, imports, marks, titles, versions
from proto.base import Caller
from proto.chat import Outcome, title_of
from proto.events import Event, happened
from proto.imports import AnsweredElsewhere, AskedElsewhere, FileImported, Imported, ImportFile
from proto.kinds import happening
from services.llm.talks import Talk, Turn, read
from services.runtime.bus import Bus, Routes
from services.runtime.bus.journal import BATCH_LIMIT

T = TypeVar("T")
SHA256 = 64
_SAID = (AskedElsewhere.kind, AnsweredElsewhere.kind)
TITLE = 200
"""Characters of a title."""
TOGETHER = 200
"""Events that are handed in at the same time."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What one conversation led to."""

    conversation: str
    messages: int


class Importing:
    """One method a subject."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._journal = bus.journal
        self._files = bus.objects(documents.FILES)

    def routes(self) -> Routes:
        """The calls, with what answers them."""
        return {imports.IMPORT: self.bring, imports.WITHDRAW: self.withdraw}

    async def bring(self, request: ImportFile, caller: Caller) -> Imported:
        """Import a file; one that cannot be read leaves nothing behind."""
        name, sha256 = await self._named(request, caller.user)
        source, talks = await asyncio.to_thread(read, await self._content(caller.user, sha256))
        told = replace(caller, conversation="", key="")
        done: list[Brought] = []
        try:
            for talk in talks:
                await self._bring(talk, source, told, done)
        except errors.Failure as failure:
            with contextlib.suppress(errors.Failure):
                await self._record(source, name, done, caller)
            sofar = f"{len(done)} of {len(talks)} conversations were imported before that: {failure.message}"
            again = "Import the file again; it goes on where it ended."
            raise errors.failure(failure.code, f"{sofar} {again}") from failure
        return _told(source, talks, done, await self._record(source, name, done, caller))

    async def withdraw(self, request: imports.Withdraw, caller: Caller) -> imports.Withdrawn:
        """Take conversations out of the list together, or put them back."""
        for some in _pieces(request.conversations, TOGETHER):
            await asyncio.gather(*(self._shelve(each, caller, deleted=not request.back) for each in some))
        event = happened(imports.ImportWithdrawn(conversations=request.conversations, back=request.back), caller)
        await self._journal.append(event)
        return imports.Withdrawn(conversations=len(request.conversations), event=event.id)

    async def _named(self, request: ImportFile, user: str) -> tuple[str, str]:
        """Find an uploaded file by its name, its id or its bytes; its name and its SHA-256."""
        file = request.file
        found = await self._journal.read(events.of_kind(documents.DocumentUploaded.kind, user))
        for recorded in reversed(found):
            what = happening(recorded.event)
            if isinstance(what, documents.DocumentUploaded) and file in (what.name, what.document, what.sha256):
                return what.name, what.sha256
        if len(file) == SHA256 and await self._files.find(user, file):
            return documents.plain_name(request.name or "file"), file
        raise errors.Missing(f"There is no uploaded file '{file}'. Upload it first, then name it.")

    async def _content(self, user: str, sha256: str) -> bytes:
        content = bytearray()
        async with aclosing(self._files.read(user, sha256)) as pieces:
            async for piece in pieces:
                content += piece
                if len(content) > imports.FILE_LIMIT:
                    raise errors.TooLarge(
                        f"The file has more than {imports.FILE_LIMIT // 1_000_000} MB; import it in parts."
                    )
        return bytes(content)

    async def _bring(self, talk: Talk, source: str, caller: Caller, done: list[Brought]) -> None:
        """Append what is new of a conversation; nothing where it is here as it is in the file."""
        name = talk.id if talk.ours and len(talk.id) <= marks.ID_LIMIT else _name(source, talk.id)
        inside = replace(caller, conversation=name)
        known = await self._known(inside)
        back = bool(known) and await self._is_shelved(inside)
        if back:
            await self._shelve(name, caller, deleted=False)
        made = list(_events(talk, source, inside, known))
        for batch in _pieces(made, BATCH_LIMIT):
            await self._journal.append_together(batch)
        messages = sum(each.kind in _SAID for each in made)
        if made or back:
            done.append(Brought(conversation=name, messages=messages))

    async def _known(self, inside: Caller) -> dict[str, str]:
        """What the log has of a conversation: events by the key they were imported under, and by their ids."""
        here = events.in_conversation(inside.user, inside.conversation, "chat")
        if await self._journal.last(here) is None:
            return {}
        found = [recorded.event for recorded in await self._journal.read(here)]
        return {event.key or event.id: event.id for event in found} | {event.id: event.id for event in found}

    async def _is_shelved(self, inside: Caller) -> bool:
        mine = events.in_conversation(inside.user, inside.conversation, marks.NOUN)
        return marks.standing(happening(one.event) for one in await self._journal.read(mine)).deleted

    async def _shelve(self, conversation: str, caller: Caller, *, deleted: bool) -> None:
        what = marks.Shelved(conversation=conversation, deleted=deleted)
        await self._journal.append(happened(what, replace(caller, conversation=conversation, key="")))

    async def _record(self, source: str, name: str, done: Sequence[Brought], caller: Caller) -> str:
        if not done:
            return ""
        conversations, messages = tuple(each.conversation for each in done), sum(each.messages for each in done)
        what = FileImported(source=source, name=name, conversations=conversations, messages=messages)
        event = happened(what, replace(caller, conversation=""))
        await self._journal.append(event)
        return event.id


def _events(talk: Talk, source: str, inside: Caller, known: dict[str, str]) -> Iterator[Event]:
    """The events of what is new in a conversation, a question and its answer beside each other."""
    turns = dict(known)
    new = False
    for turn in talk.turns:
        key = turn.key if turn.key in known else _key(inside.conversation, turn.key)
        if key in known:
            turns[turn.key] = known[key]
            continue
        new = True
        asked = happened(_asked(turn, source, talk.time, turns.get(turn.parent, "")), replace(inside, key=key))
        turns[turn.key] = asked.id
        yield asked
        yield happened(_answered(turn, source, talk.time, asked.id), inside)
    if not new:
        return
    if not known:
        title = " ".join(talk.title.replace("\0", "").split())[:TITLE] or title_of(talk.turns[0].asked)
        yield happened(titles.Titled(title=title), inside)
    if talk.reads in turns and turns[talk.reads] != turns[talk.turns[-1].key]:
        yield happened(versions.Selected(turn=turns[talk.reads]), inside)


def _asked(turn: Turn, source: str, began: datetime, parent: str) -> AskedElsewhere:
    return AskedElsewhere(text=turn.asked, parent=parent, way=turn.way, source=source, said=turn.asked_at or began)


def _answered(turn: Turn, source: str, began: datetime, asked: str) -> AnsweredElsewhere:
    said = turn.answered_at or turn.asked_at or began
    outcome: Outcome = "done" if turn.answer else "stopped"
    return AnsweredElsewhere(
        turn=asked, text=turn.answer, outcome=outcome, model=turn.model[:TITLE], source=source, said=said
    )


def _name(source: str, id_: str) -> str:
    return f"import-{hashlib.sha256(f'{source} {id_}'.encode()).hexdigest()[:24]}"


def _key(conversation: str, key: str) -> str:
    return hashlib.sha256(f"{conversation} {key}".encode()).hexdigest()[:32]


def _pieces(things: Sequence[T], size: int) -> Iterator[list[T]]:
    iterator = iter(things)
    while piece := list(itertools.islice(iterator, size)):
        yield piece


def _told(source: str, talks: Sequence[Talk], done: Sequence[Brought], event: str) -> Imported:
    messages, known = sum(each.messages for each in done), len(talks) - len(done)
    parts = [f"Imported {_count(len(done), 'conversation')} from {source}, with {_count(messages, 'message')}."]
    if known:
        parts.append(f"{_count(known, 'conversation')} {'was' if known == 1 else 'were'} here already.")
    sentence = " ".join(parts if done else parts[1:])
    return Imported(
        conversations=len(done), messages=messages, known=known, source=source, sentence=sentence, event=event
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
