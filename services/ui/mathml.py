"""Formulas as a browser sets them: LaTeX to MathML, of which only what sets a formula is let through."""

from __future__ import annotations

import html
import re
from xml.etree.ElementTree import Element

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

_TAGS = """math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover
    mtable mtr mtd mstyle mpadded mphantom"""
_ATTRIBUTES = """display displaystyle scriptlevel mathvariant stretchy fence form separator accent accentunder
    movablelimits linethickness lspace rspace minsize maxsize width height depth columnalign rowspacing columnspacing"""
TAGS, ATTRIBUTES = frozenset(_TAGS.split()), frozenset(_ATTRIBUTES.split())
_VALUE = re.compile(r"[\w.%+ -]{1,40}")
_MARKS = re.compile(r"\A(?:\$\$|\\\[|\\\(|\$)(.*?)(?:\$\$|\\\]|\\\)|\$)\Z", re.DOTALL)
_UNFIT: tuple[type[Exception], ...] = (
    *(each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, Exception)),
    *(AttributeError, IndexError, KeyError, RecursionError, StopIteration, TypeError, ValueError),
)
"""What the library raises for what it cannot read."""


class Unset(ValueError):
    """The formula has something that cannot be set."""


def mathml(formula: str, *, block: bool) -> Markup | None:
    """Set a formula, with the marks around it; None for one that is better shown as it was written."""
    inside = _MARKS.match(formula)
    if inside is None:
        return None
    try:
        found = convert_to_element(inside[1].strip(), display="block" if block else "inline")
        return _written(found, alttext=formula)
    except _UNFIT:
        return None


def _written(element: Element, alttext: str = "") -> Markup:
    """An element as text; raises Unset for a name that is not known."""
    text = html.unescape(element.text or "")
    if element.tag not in TAGS or text.startswith("\\"):
        raise Unset
    known = {name: value for name, value in element.attrib.items() if name in ATTRIBUTES and _VALUE.fullmatch(value)}
    if alttext:
        known["alttext"] = alttext
    attributes = Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in known.items())
    inner = Markup("").join((escape(text), *map(_written, element)))
    return Markup("<{0}{1}>{2}</{0}>").format(element.tag, attributes, inner)
