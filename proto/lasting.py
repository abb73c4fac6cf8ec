"""Why changes stay that nothing undoes, by kind of event, or by noun for all of its kinds that are not named."""

from __future__ import annotations

from typing import Final

_SAID = "what was said stays said; edit or regenerate makes another version beside it"
_RAN = "a command cannot be unrun; what it changed in the box is the box's own"
_ACCESS = "who may come in is decided anew on purpose, never by going back one step"
_RECORD = "it records what somebody looked at, and changes nothing"
LASTING: Final = {
    "account": _ACCESS,
    "session": _ACCESS,
    "key": "the secret of a key is kept nowhere, so a revoked one cannot come back",
    "approval.asked": _SAID,
    "approval.answered": "the call has run, or its turn has gone on without it; what it changed is undone by itself",
    "approval.used": _SAID,
    "backup": "a backup changes nothing here; its file is yours to delete",
    "chat": _SAID,
    "chat.selected": "the arrows beside an answer lead back; nothing was changed",
    "chat.summarised": "its own button takes a summary back; as the last change it would surprise",
    "chat.unfolded": "a summary is made anew when there is no room again",
    "conversation.shelved": "it is one of many; the import that they came with is what undo takes back",
    "document.deleted": "the bytes were erased, which is what deleting is for; hand the file in again",
    "document.uploaded": "undoing would erase the bytes, and could not be undone itself; delete the document",
    "document.read": "it says how far a document could be read",
    "file.returned": "it is a copy; the file in the box is as it was",
    "filter.held": "it tells of something that was not shown",
    "job": _RAN,
    "late": _SAID,
    "memory.forgot": "it is gone, which is what forgetting is for",
    "memory.noted": "a note is a part of the log; `daimon forget` takes it out",
    "memory.queried": _RECORD,
    "memory.retained": "choose other days; what was forgotten meanwhile does not come back",
    "memory.searched": _RECORD,
    "model": "a model is gigabytes on the server; pull it, or remove it, again",
    "page": _RECORD,
    "sandbox.ran": _RAN,
    "suggestion.made": _RECORD,
    "suggestion.accepted": "what was done is undone step by step, or as one line where it was a plan",
    "suggestion.dismissed": "it is offered again when it keeps being done",
    "suggestion.met": _RECORD,
    "suggestion.missed": _RECORD,
    "undo": "undo is undone by redo, and redo by undo",
}


def why(kind: str) -> str:
    """Why nothing undoes events of a kind; empty when no reason is given."""
    return LASTING.get(kind, "") or LASTING.get(kind.partition(".")[0], "")
