"""Which way a file is read, by its name and by how it begins."""

from __future__ import annotations

from collections.abc import Iterator

from services.memory.reading import html, office, plain
from services.memory.reading.blocks import Block, Unreadable

_SOURCE = frozenset(
    "py pyi js jsx ts tsx mjs c h cc cpp hpp cs java kt go rs rb php swift scala sh bash zsh pl lua r jl sql nix hs ml"  # noqa: SIM905
    " ex exs clj el vim css scss toml yaml yml ini cfg conf json xml proto tf dockerfile makefile".split()
)
_MARKDOWN = frozenset({"md", "markdown", "mdown", "rst"})
_TABLES = frozenset({"csv", "tsv"})
_PAGES = frozenset({"html", "htm", "xhtml"})
_PICTURES = ("image/", "audio/", "video/", "font/")


def blocks(raw: bytes, name: str, media_type: str) -> Iterator[Block]:
    """Read a file; Unreadable says why it cannot be."""
    ending = name.rpartition(".")[2].lower()
    if raw.startswith(b"%PDF-"):
        return office.pdf(raw)
    if ending == "docx":
        return office.docx(raw)
    if ending == "pdf":
        raise Unreadable("It is called a PDF, but is none; its first bytes are others.")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or media_type.startswith(_PICTURES):
        raise Unreadable("Files of this kind are kept, but their content is not read.")
    return _of_text(plain.decoded(raw), ending)


def _of_text(text: str, ending: str) -> Iterator[Block]:
    if ending in _PAGES:
        return html.blocks(text)
    if ending in _MARKDOWN:
        return plain.markdown(text)
    if ending in _TABLES:
        return plain.table(text)
    if ending in _SOURCE:
        return plain.source(text)
    return plain.paragraphs(text)
