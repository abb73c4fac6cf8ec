"""Markdown of a model: rendered, and without anything that could run, load or lead astray."""

from __future__ import annotations

import html
import re
import time

import pytest

from services.ui import code, mathml
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
    assert '<pre tabindex="0"><code class="language-python">x &lt;' in html_of("```python\nx <\n```")


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


@pytest.mark.parametrize(("name", "language"), [("python", "Python"), ("SH", "Bash"), ("c++", "C++"), ("yml", "YAML")])
def test_code_names_its_language(name, language):
    assert f"</span>{language}<details>" in html_of(f"```{name}\nx\n```")


def test_code_is_coloured_by_what_its_pieces_are_and_keeps_every_character():
    source = "\n\ndef f(x):  # <b> & more\n\treturn 'a' + 1  \n\n\n"
    found = html_of(f"```python\n{source}```")
    for kind, piece in (("keyword", "def"), ("name", "f"), ("comment", "# &lt;b&gt; &amp; more"), ("number", "1")):
        assert f'<span class="code-{kind}">{piece}</span>' in found
    inside = found.split("</code>")[0].split('<code class="language-python">')[1]
    assert html.unescape(re.sub(r"<[^>]*>", "", inside)) == source


def test_code_of_an_unknown_language_is_plain_and_says_what_it_was_called():
    found = html_of("```brainwave\nreturn x < 1\n```")
    assert "code-" not in found
    assert "x &lt; 1" in found
    assert "</span>brainwave<details>" in found


def test_no_more_of_an_answer_is_coloured_than_takes_a_moment():
    long = "x = 1\n" * (code.MOST // 6 - 1)
    found = html_of(f"```python\n{long}```\n\n```python\ny = 2\ny = 2\ny = 2\n```\n")
    assert found.count('<span class="code-number">1<') == code.MOST // 6 - 1
    assert '<span class="code-number">2<' not in found
    assert "y = 2" in found


def test_code_stands_as_text_beside_its_colours():
    assert ">if a &lt; b:\n    &lt;/textarea&gt;\n</textarea>" in html_of("```python\nif a < b:\n    </textarea>\n```")


@pytest.mark.parametrize("formula", [
    "$x_1 * y_2 * z_3$",
    r"\(a_1 b_2 \\ c\)",
    r"\[ \frac{a_1}{b_2} \]",
    "$$\\sum_{i=1}^n *x_i*$$",
    "$$\na_1 \\\\\n=\n\n- *b*\n$$",
    "\\[\n# a_1\n\\]",
])  # fmt: skip
def test_a_formula_is_set_and_keeps_how_it_was_written(formula):
    found = html_of(f"before\n\n{formula}\n\nafter _soft_")
    assert f'alttext="{formula}"' in found
    assert "<em>soft</em>" in found
    assert found.count("<em>") == 1
    if "\n" not in formula:
        assert f'alttext="{formula}"' in html_of(f"It is {formula}, so *there*.")


def test_a_formula_is_made_of_what_a_browser_sets():
    found = html_of(r"$\frac{1}{2} \ge \sqrt{x_1}$")
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac><mo>≥</mo><msqrt>" in found
    assert '<div tabindex="0" class="formula"><math display="block"' in html_of("$$x$$")


@pytest.mark.parametrize("formula", [
    r"$\unknown{x_1 * y_2}$",
    r"$x^1^2$",
    "$$" + r"\sqrt{" * 500 + "x" + "}" * 500 + "$$",
])  # fmt: skip
def test_a_formula_that_cannot_be_set_is_shown_as_it_was_written(formula):
    found = html_of(formula)
    assert f">{formula}</code>" in found
    assert "<em>" not in found


@pytest.mark.parametrize("formula", [
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\text{&lt;img src=x onerror=alert(1)&gt;}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{background:url(//example.org)}{x}$",
    r"$\class{chat}{x}$",
    r"$\color{red} x$",
    r"$\text{</mtext></math><script>alert(1)</script>}$",
    r'$x" onmouseover="alert(1)$',
])  # fmt: skip
def test_a_formula_brings_nothing_but_itself(formula):
    found = re.sub(r'alttext="[^"]*"', "", html_of(formula))
    assert set(re.findall(r"<(\w+)", found)) <= mathml.TAGS | {"p", "code"}
    assert set(re.findall(r'\s([\w-]+)="', found)) <= mathml.ATTRIBUTES | {"class"}
    assert not re.search(r'(href|style|mathcolor)=|class="(?!formula")', found)


def test_formulas_without_end_are_set_as_far_as_there_is_room():
    before = time.process_time()
    found = html_of(" ".join(["$x_1$"] * 20_000))
    assert time.process_time() - before < 2
    assert found.count("<math") == 1000
    assert found.count('<code class="formula">') == 19_000


@pytest.mark.parametrize("text", [
    "costs $5 and $10",
    "from $5-$10",
    "`$a$`",
    "$HOME and `$PATH`",
    r"\$a_1\$",
    "$$ alone",
    r"\( alone",
])  # fmt: skip
def test_what_is_no_formula_is_left_as_it_was(text):
    assert "formula" not in html_of(text)
    assert "<math" not in html_of(text)


@pytest.mark.parametrize("piece", ["\\(a", "\\[a\n", "$a ", "$$a\n", "$$\n"])
def test_formulas_without_an_end_take_no_time(piece):
    before = time.process_time()
    html_of(piece * 5_000)
    assert time.process_time() - before < 2
