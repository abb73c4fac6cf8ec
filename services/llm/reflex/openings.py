"""How a sentence opens, which tells a question or a statement from a wish where vectors do not."""

from __future__ import annotations

import re
from typing import Final, Literal

Opening = Literal["asks", "tells", "denies", "supposes", "does"]

_DENIES: Final = r"do\s+not|don['\u2019]?t|never|not|no|stop|without"
_SUPPOSES: Final = r"if|suppose|supposing|imagine|unless|assuming"
_ASKS: Final = (
    r"what|which|who|whom|whose|when|where|why|how|is|are|was|were|am|did|does|do\s+(?:i|you|we|they)|"
    r"have\s+(?:i|you|we|they)|has|had|should|shall|would|could|can|may|might|must|(?:is|are|do|did)n['\u2019]?t|"
    r"(?:what|who|when|where|how)['\u2019]?s"
)
_TELLS: Final = (
    r"i|you|we|he|she|it|they|there|this|that|these|those|the|a|an|my|your|our|his|her|their|"
    r"(?:i|you|we|it|that)['\u2019]\w+|\{\w+\}"
)


def _opens(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{words})(?![\w'\u2019])", re.IGNORECASE)


_OPENINGS: Final[dict[Opening, re.Pattern[str]]] = {
    "denies": _opens(_DENIES),
    "supposes": _opens(_SUPPOSES),
    "asks": _opens(_ASKS),
    "tells": _opens(_TELLS),
}


def opening(sentence: str) -> Opening:
    """How a sentence or a phrasing opens."""
    return next((name for name, expression in _OPENINGS.items() if expression.match(sentence)), "does")
