"""PDF, cited by page, and Word documents, cited by paragraph as lines."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

import pypdf
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pypdf.errors import PdfReadError, PyPdfError

from services.memory.reading.blocks import Block, Trail, Unreadable

UNPACKED = 100_000_000
"""Bytes that a document inside an archive may have."""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"(?:heading|berschrift|titre)\s*(\d)", re.IGNORECASE)


def pdf(raw: bytes) -> Iterator[Block]:
    """Yield the paragraphs of each page."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("It is locked with a password; save it without one and upload it again.")
        for number, page in enumerate(reader.pages, start=1):
            for part in re.split(r"\n\s*\n", page.extract_text()):
                if part.strip():
                    yield Block(text=part.strip(), page=number)
    except (PyPdfError, PdfReadError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        raise Unreadable(f"The PDF is damaged ({type(error).__name__}); open and save it anew.") from error


def docx(raw: bytes) -> Iterator[Block]:
    """Yield the paragraphs, each under the headings above it."""
    trail = Trail()
    body = _document(raw).find(f"{_W}body")
    found = body.iter(f"{_W}p") if body is not None else iter(())
    for number, paragraph in enumerate(found, start=1):
        text = _text(paragraph)
        if not text.strip():
            continue
        if level := _level(paragraph):
            trail.enter(level, text.strip())
        yield Block(text=text.strip(), line=number, last=number, heading=str(trail))


def _document(raw: bytes) -> Element:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, archive.open("word/document.xml") as file:
            xml = file.read(UNPACKED + 1)
            if len(xml) > UNPACKED:
                raise Unreadable("It unpacks to more than 100 MB; split it.")
            root: Element = fromstring(xml)
            return root
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unreadable("It is no Word document, or it is damaged or locked with a password.") from error
    except (ParseError, DefusedXmlException) as error:
        raise Unreadable("The text inside the Word document is damaged.") from error


def _text(paragraph: Element) -> str:
    pieces = {f"{_W}tab": "\t", f"{_W}br": "\n"}
    return "".join(pieces.get(one.tag) or (one.text or "" if one.tag == f"{_W}t" else "") for one in paragraph.iter())


def _level(paragraph: Element) -> int:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    found = _HEADING.search(style.get(f"{_W}val", "")) if style is not None else None
    return int(found[1]) if found else 0
