"""Files that people hand in: where their bytes are kept, how they become known, and what happened to them."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta

from proto.base import Action, Call
from proto.events import Happening
from proto.moments import AsOf

FILES = "daimon_files"
"""The object bucket of everybody's files, each under its owner and its SHA-256."""
SIZE_LIMIT = 100_000_000
"""Bytes of one file, unless the settings say otherwise."""
NAME_LIMIT = 200
"""Bytes of a file's name, which leaves room in the 255 of a file system."""
ANY_TYPE = "application/octet-stream"
_IDS = uuid.UUID("6c6a0a6e-57a1-5d0b-9d3c-8a8f5f1a1f0e")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class AddDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Make a file that lies in the bucket already known as a document of its owner."""

    name: Annotated[str, Meta(min_length=1, max_length=1000)]
    size: Annotated[int, Meta(ge=0)]
    sha256: Sha256
    media_type: Annotated[str, Meta(max_length=200)] = ANY_TYPE


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is known."""

    document: str
    """Its id: the same bytes of the same owner have the same one."""
    name: str
    """As it was handed in, without folders and without what no file system takes."""
    size: int
    sha256: str
    media_type: str
    again: bool = False
    """These bytes were known before."""
    event: str = ""
    """The event that recorded this upload."""


class DocumentUploaded(Happening, frozen=True, kw_only=True):
    """Somebody handed in a file; its bytes lie in the bucket under the user and the SHA-256."""

    kind: ClassVar[str] = "document.uploaded"
    document: str
    name: str
    size: int
    media_type: str
    sha256: str

    def sentence(self) -> str:
        return f"Uploaded '{self.name}' ({readable_size(self.size)})"


class DocumentRead(Happening, frozen=True, kw_only=True):
    """The text of a document was read, or could not be."""

    kind: ClassVar[str] = "document.read"
    document: str
    name: str
    passages: int = 0
    problem: str = ""
    """Why it was not read, or not to its end."""

    def sentence(self) -> str:
        if not self.passages:
            return f"Could not read '{self.name}': {self.problem}"
        count = f"{self.passages} passage{'' if self.passages == 1 else 's'}"
        return f"Read '{self.name}', {count}{': ' + self.problem if self.problem else ''}"


class DocumentDeleted(Happening, frozen=True, kw_only=True):
    """Somebody deleted a document: its bytes, passages and vectors are gone, this record stays."""

    kind: ClassVar[str] = "document.deleted"
    document: str
    name: str

    def sentence(self) -> str:
        return f"Deleted document '{self.name}'"


class ListDocuments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List the documents that were handed in, newest first."""

    named: Annotated[str, Meta(max_length=200, description="Only those with this in their name")] = ""
    before: Annotated[datetime, Meta(tz=True)] | None = None
    """Only documents that were handed in earlier, for paging."""
    before_id: Annotated[str, Meta(max_length=100)] = ""
    as_of: AsOf = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A document in a list."""

    document: str
    name: str
    size: int
    media_type: str
    uploaded: datetime
    state: Literal["waiting", "reading", "ready", "failed"]
    problem: str = ""
    """Why it was not read, or not to its end."""
    passages: int = 0
    coming: int = 0
    """Passages that are found by their words already, and by their meaning soon; told in lists."""


class DocumentList(msgspec.Struct, frozen=True, kw_only=True):
    """Documents, newest first."""

    documents: tuple[DocumentLine, ...]
    sentence: str = ""


class SearchDocuments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Search the text of documents, by words and by meaning; each passage is cited by its page or lines."""

    query: Annotated[str, Meta(min_length=1, max_length=2000, description="What to look for")]
    document: Annotated[str, Meta(max_length=200, description="Only in this document: its id or its name")] = ""
    limit: Annotated[int, Meta(ge=1, le=50)] = 5


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A passage that matched."""

    document: str
    name: str
    place: str
    """How to cite it: `page 3` or `lines 10-24`."""
    link: str = ""
    """Where a person reads it: cite it as `[name, place](link)`."""
    heading: str = ""
    text: str
    score: float
    """As that of events: words and meaning it shares with the query."""
    why: tuple[Literal["words", "meaning", "near", "recent"], ...] = ()


class FoundPassages(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, best first."""

    hits: tuple[Found, ...]
    sentence: str = ""
    note: str = ""
    """What is missing from this search."""


class ReadDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read a document's text, from a page or a line on."""

    document: Annotated[str, Meta(min_length=1, max_length=200, description="Its id or its name")]
    page: Annotated[int, Meta(ge=0, description="Only this page")] = 0
    line: Annotated[int, Meta(ge=0, description="From this line on")] = 0
    passage: Annotated[int, Meta(ge=0, description="From this passage on, to read further")] = 0
    as_of: AsOf = ""
    limit: Annotated[int, Meta(ge=1, le=100, description="Passages at most")] = 20


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document's text."""

    passage: int = 0
    """Its number in the document, from 0."""

    place: str
    heading: str = ""
    text: str


class DocumentText(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a document, in order."""

    document: DocumentLine
    texts: tuple[Text, ...]


class DeleteDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delete a document for good, with its bytes, passages and vectors; that there was one stays in the log."""

    document: Annotated[str, Meta(min_length=1, max_length=200, description="Its id or its name")]


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """A document is gone."""

    document: str
    sentence: str


def cited(page: int, line: int, last: int) -> str:
    """How a passage is cited."""
    if page:
        return f"page {page}"
    if not line:
        return ""
    return f"line {line}" if last <= line else f"lines {line}-{last}"


def page_of(document: str, page: int = 0, line: int = 0) -> str:
    """The address at which a document is read, opened at a page or a line."""
    where = f"?page={page}" if page else f"?line={line}" if line else ""
    return f"/memory/documents/{quote(document, safe='')}{where}"


def document_id(user: str, sha256: str) -> str:
    """The id of a user's document with these bytes; nobody else's document has it."""
    return str(uuid.uuid5(_IDS, f"{user}/{sha256}"))


def plain_name(name: str) -> str:
    """The last part of a path as a name that every file system takes, and that hides nothing from who reads it."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(character for character in last if character.isprintable()).strip()
    if not shown.strip("."):
        return "file"
    stem, dot, ending = shown.rpartition(".")
    if not stem or len(ending.encode()) > NAME_LIMIT // 4:
        stem, dot, ending = shown, "", ""
    room = NAME_LIMIT - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + ending


def plain_media_type(text: str) -> str:
    """A media type without parameters; the one that says nothing for whatever is none."""
    found = text.partition(";")[0].strip().lower()
    return found if _MEDIA_TYPE.fullmatch(found) else ANY_TYPE


def readable_size(size: int) -> str:
    """Bytes as people say them: 999 bytes, 1.2 kB, 34 MB."""
    number, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    if size == 1:
        return "1 byte"
    return f"{number:.0f} {unit}" if unit == "bytes" or number >= 10 else f"{number:.1f} {unit}"


def link(sha256: str, name: str) -> str:
    """Where the gateway hands out a file of whoever is signed in."""
    return f"/files/{sha256}/{quote(name, safe='')}"


ADD = Call("daimon.do.{user}.{actor}.documents.add", AddDocument, Document)
_AT = "daimon.do.{user}.{actor}.documents"
LIST = Action(f"{_AT}.list", ListDocuments, DocumentList, risk="read", foreign=True)
SEARCH = Action(f"{_AT}.search", SearchDocuments, FoundPassages, risk="read", foreign=True)
READ = Action(f"{_AT}.read", ReadDocument, DocumentText, risk="read", foreign=True)
DELETE = Action(f"{_AT}.delete", DeleteDocument, Deleted, risk="change")
ACTIONS = (LIST, SEARCH, READ, DELETE)
CALLS = (ADD,)
KINDS: tuple[type[Happening], ...] = (DocumentUploaded, DocumentRead, DocumentDeleted)
