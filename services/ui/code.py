"""Blocks of code in answers: coloured by what their pieces are, their language named, and to be taken as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from markupsafe import Markup, escape
from pygments.lexers import get_lexer_by_name
from pygments.token import Token

MOST = 10_000
"""Characters of one answer that are coloured; what is beyond them stays plain, because colouring takes time."""
LANGUAGES = {
    alias: name
    for name, aliases in {
        "Bash": "bash sh shell zsh",
        "C": "c",
        "C++": "cpp c++",
        "C#": "csharp c#",
        "CSS": "css",
        "Diff": "diff",
        "Docker": "dockerfile docker",
        "Go": "go golang",
        "HTML": "html",
        "INI": "ini",
        "Java": "java",
        "JavaScript": "javascript js",
        "JSON": "json",
        "Kotlin": "kotlin",
        "Lua": "lua",
        "Make": "makefile make",
        "Nix": "nix",
        "PHP": "php",
        "Python": "python py python3",
        "Ruby": "ruby rb",
        "Rust": "rust rs",
        "SQL": "sql",
        "Swift": "swift",
        "TOML": "toml",
        "TypeScript": "typescript ts",
        "XML": "xml",
        "YAML": "yaml yml",
    }.items()
    for alias in aliases.split()
}
"""What a model calls a language, and what it is called; no other is looked up, for a model writes what it likes."""
_KINDS = {
    Token.Comment: "comment",
    Token.Generic.Deleted: "deleted",
    Token.Generic.Inserted: "inserted",
    Token.Keyword: "keyword",
    Token.Literal.Number: "number",
    Token.Literal.String: "string",
    Token.Name.Attribute: "name",
    Token.Name.Class: "name",
    Token.Name.Decorator: "name",
    Token.Name.Function: "name",
    Token.Name.Tag: "keyword",
}
CLASSES = {f"code-{kind}" for kind in _KINDS.values()}


def block(text: str, language: str, room: int) -> str:
    """HTML of a block; plain where the language is not known or the text is longer than the room there is for it."""
    known = LANGUAGES.get(language.lower())
    inside = coloured(text, language.lower()) if known and len(text) <= room else escape(text)
    marked = Markup(' class="language-{}"').format(language) if language else ""
    return Markup(
        '<figure><pre tabindex="0"><code{}>{}</code></pre><figcaption><span><button type="button">Copy</button>'
        '<span role="status"></span></span>{}<details><summary>As text</summary>'
        '<textarea readonly rows="{}" aria-label="The code as text">\n{}</textarea></details></figcaption></figure>\n'
    ).format(marked, inside, known or language, min(max(text.count("\n"), 2), 16), text)


def coloured(text: str, language: str) -> Markup:
    """The pieces of a text in spans with the classes of what they are; every character is kept."""
    return Markup().join(
        Markup('<span class="code-{}">{}</span>').format(kind, piece) if kind else escape(piece)
        for kind, piece in _pieces(text, language)
    )


def _pieces(text: str, language: str) -> Iterator[tuple[str, str]]:
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    kinds = ((_kind(token), value) for token, value in lexer.get_tokens(text))
    for kind, few in groupby(kinds, itemgetter(0)):
        yield kind, "".join(value for _, value in few)


def _kind(token: Token) -> str:
    while token and token not in _KINDS:
        token = token.parent
    return _KINDS.get(token, "")
