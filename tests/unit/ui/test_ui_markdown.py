"""Markdown of a model: rendered, and without anything that could run, load or lead astray."""

from __future__ import annotations

import re

import pytest

from services.ui.markdown import html_of


@pytest.mark.parametrize(("text", "seen"), [
    ("**bold** and *soft*", "<strong>bold</strong> and <em>soft</em>"),
    ("~~gone~~", "<s>gone</s>"),
    ("`a < b`", "<code>a &lt; b</code>"),
    ("- one\n- two", "<li>one</li>"),
    ("3. three", '<ol start="3">'),
    ("> said", "<blockquote>"),
    ("# Title", "<h1>Title</h1>"),
    ("a\nb", "<br>"),
    ("|a|b|\n|-|-|\n|1|2|", "<td>1</td>"),
])  # fmt: skip
def test_markdown_becomes_html(text, seen):
    assert seen in html_of(text)


def test_code_can_be_scrolled_by_keyboard_and_keeps_its_language():
    assert html_of("```python\nx < 1\n```") == (
        '<pre tabindex="0"><code class="language-python">x &lt; 1\n</code></pre>\n'
    )


def test_links_open_apart_and_tell_nothing():
    found = html_of("[a](https://example.org/?a=1&b=2)")
    assert 'href="https://example.org/?a=1&amp;b=2"' in found
    assert 'rel="noopener noreferrer nofollow"' in found
    assert 'target="_blank"' in found


@pytest.mark.parametrize("address", ["//evil.example", "https://a", "mailto:a@b"])
def test_links_to_elsewhere_open_apart(address):
    assert 'target="_blank"' in html_of(f"[a]({address})")


def test_links_to_our_own_pages_are_plain_links():
    assert html_of("[Added](/timeline/1)") == '<p><a href="/timeline/1">Added</a></p>\n'


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>",
    "<b onclick=alert(1)>x</b>",
    "[x](javascript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html,x)",
    "<javascript:alert(1)>",
    "![x](http://evil.example/p.png)",
    "![x](data:image/svg+xml,x)",
    "[x]: javascript:alert(1)\n\n[x]",
    '<https://a"onmouseover=alert(1)>',
    '```"><script>alert(1)</script>\nx\n```',
])  # fmt: skip
def test_nothing_can_run_or_load(text):
    found = html_of(text).lower()
    assert not re.search(r"<(script|img|svg|iframe)\b", found)
    assert not re.search(r"<[^>]*\son\w+=", found)
    assert not re.search(r'href="(javascript|data|vbscript)', found)


def test_an_image_stays_a_link_that_is_fetched_only_when_clicked():
    assert '<a href="https://example.org/p.png"' in html_of("![a picture](https://example.org/p.png)")


def test_half_written_markdown_is_shown():
    assert "unfinished" in html_of("```\nunfinished")
    assert "**unfinished" in html_of("**unfinished")


def test_ten_thousand_lines_are_rendered():
    assert html_of("\n\n".join(["line"] * 10_000)).count("<p>line</p>") == 10_000


def test_deep_nesting_ends():
    assert html_of("> " * 5_000 + "deep").count("<blockquote>") <= 100
