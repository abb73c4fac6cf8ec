"""What each service serves, calls, emits and reads: the table that its rights on the bus follow from."""

from __future__ import annotations

from typing import Any

import msgspec

from proto import (
    accounts,
    actions,
    approvals,
    backups,
    board,
    boxes,
    changes,
    chat,
    choices,
    documents,
    embedding,
    events,
    forgetting,
    imports,
    insight,
    jobs,
    keeping,
    keys,
    llm,
    marks,
    memory,
    models,
    own,
    pages,
    retention,
    sandbox,
    seen,
    sorting,
    suggestions,
    tasks,
    timeline,
    titles,
    trying,
    undo,
    versions,
)
from proto.base import Call
from proto.streams import CONSUMERS, ENDS, MEMORY, TITLES, TURNS, Consumer

AnyCall = Call[Any, Any]


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A service in the contract's words."""

    serves: tuple[AnyCall, ...] = ()
    calls: tuple[AnyCall, ...] = ()
    """Calls that it makes; with the actor it may name."""
    does: tuple[AnyCall, ...] = ()
    """Calls that it makes for users in its own name, as the actor that is called like it."""
    acts_as: tuple[str, ...] = ()
    """Actors in whose name it may call any action of any service."""
    emits: tuple[str, ...] = ()
    """Nouns of the events it may publish."""
    reads_log: bool = False
    erases: bool = False
    """Whether it may erase single places of the log, of the feeds of turns and jobs, and of people's files."""
    follows: tuple[str, ...] = ()
    works: tuple[Consumer, ...] = ()
    inspects: tuple[Consumer, ...] = ()
    """Consumers whose queue it may measure."""
    writes_parts: bool = False
    """Of turns; with what the model is sent in them, which it may read back."""
    reads_parts: bool = False
    writes_prints: bool = False
    reads_prints: bool = False
    buckets: tuple[str, ...] = ()
    reads_files: bool = False
    writes_files: bool = False
    discovers: bool = False


_MODELS_OWN: tuple[AnyCall, ...] = (*approvals.CALLS, *choices.CALLS, *models.CALLS, *trying.CALLS, *embedding.CALLS)
OWN: tuple[AnyCall, ...] = (*_MODELS_OWN, *choices.COUNTED, *retention.CALLS, *suggestions.CALLS)
"""What is a person's alone to ask: pages and the command line may, the model and other programs may not."""
_TALKS: tuple[AnyCall, ...] = (
    *chat.CALLS,
    *versions.CALLS,
    *seen.CALLS,
    *titles.CALLS,
    *marks.CALLS,
    *imports.ACTIONS,
    *imports.CALLS,
)
_FORGOT = events.of_kind(forgetting.Forgot.kind)
_LLM = (
    llm.MENU,
    llm.KNOWN_MENU,
    llm.ENGINE,
    llm.MODELS,
    llm.EMBED,
    memory.PROGRESS,
    insight.STANDING,
    insight.EXAMPLES,
)
_CLI: tuple[AnyCall, ...] = (*accounts.CALLS, *keys.CALLS, *backups.CALLS, *keeping.CALLS, *_LLM)
ROLES: dict[str, Role] = {
    "gateway": Role(
        serves=(*accounts.CALLS, *accounts.OWN, *keys.CALLS, *backups.CALLS, forgetting.ERASE_ACCESS),
        calls=(*_LLM, *OWN, *pages.CALLS),
        acts_as=("user",),
        inspects=CONSUMERS,
        emits=("session", "page", "key", "account", "backup"),
        reads_log=True,
        follows=(events.ALL,),
        reads_parts=True,
        reads_prints=True,
        buckets=(accounts.SESSIONS, accounts.ACCOUNTS),
        reads_files=True,
        writes_files=True,
        discovers=True,
    ),
    "llm": Role(
        serves=(*_TALKS, *actions.CALLS, *llm.CALLS, *_MODELS_OWN),
        acts_as=("model",),
        emits=("chat", marks.NOUN, "late", "approval", "choice", "filter", "model"),
        reads_log=True,
        follows=(events.ALL,),
        works=(TURNS, TITLES, ENDS),
        writes_parts=True,
        reads_parts=True,
        reads_files=True,
        discovers=True,
    ),
    "memory": Role(
        serves=(
            *(*memory.ACTIONS, *memory.CALLS, *insight.CALLS, *timeline.CALLS, *documents.ACTIONS, *documents.CALLS),
            *(*own.ACTIONS, *keeping.CALLS, *forgetting.CALLS, *retention.CALLS, *choices.COUNTED, *changes.CALLS),
        ),
        calls=(llm.EMBED, *forgetting.PARTS),
        emits=("memory", "document", "recording"),
        erases=True,
        reads_log=True,
        works=(MEMORY,),
        reads_files=True,
    ),
    "sandbox": Role(
        serves=(
            *(*sandbox.ACTIONS, *sandbox.CALLS, *jobs.ACTIONS, *jobs.CALLS, *boxes.ACTIONS, *boxes.CALLS),
            forgetting.ERASE_BOXES,
        ),
        emits=("sandbox", "job", "file"),
        reads_log=True,
        writes_prints=True,
        reads_prints=True,
        follows=(events.of_kind(chat.Halted.kind), events.of_kind(documents.DocumentUploaded.kind)),
        reads_files=True,
        writes_files=True,
    ),
    "tasks": Role(
        serves=(*tasks.ACTIONS, *tasks.CALLS, *sorting.ACTIONS, *sorting.CALLS, *board.CALLS),
        emits=("task",),
        reads_log=True,
        follows=(_FORGOT,),
    ),
    "undo": Role(
        serves=(*undo.ACTIONS, *undo.CALLS),
        calls=(*undo.INVERSES, *changes.CALLS),
        emits=("undo",),
        reads_log=True,
        follows=(_FORGOT,),
    ),
    "ghost": Role(
        serves=suggestions.CALLS,
        does=tuple(suggestions.OFFERED.values()),
        emits=(suggestions.NOUN,),
        reads_log=True,
        follows=(events.ALL,),
    ),
    "ui": Role(serves=pages.CALLS),
    "cli": Role(
        calls=(*_CLI, *OWN),
        acts_as=("user",),
        reads_log=True,
        follows=(events.ALL,),
        reads_parts=True,
        reads_prints=True,
        reads_files=True,
        writes_files=True,
        discovers=True,
    ),
}
