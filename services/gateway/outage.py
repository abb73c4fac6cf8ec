"""What is said when the ui service cannot be asked: the one page and the one notice the gateway writes itself."""

from __future__ import annotations

from html import escape
from pathlib import Path

_PAGE = (Path(__file__).parent / "outage.html").read_text()
RETRY_SECONDS = 3


def page(sentence: str, stylesheet: str, *, retries: bool) -> str:
    """A page that says what is wrong, and whether it will try again by itself."""
    link = f'<link rel="stylesheet" href="/static/{escape(stylesheet)}">' if stylesheet else ""
    again = "This page tries again by itself." if retries else "Go back, and try again in a moment."
    return _PAGE.format(stylesheet=link, sentence=escape(sentence), advice=again)


def notice(sentence: str) -> str:
    """A notice for a page that is open."""
    return f'<div hx-swap-oob="beforeend:#notices"><p class="notice failed">{escape(sentence)}</p></div>'
