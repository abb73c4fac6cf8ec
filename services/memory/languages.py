"""Which of the languages that Postgres knows the stems of is meant by what somebody writes in their profile. No IO."""

from __future__ import annotations

DEFAULT = "english"
"""For languages whose stems Postgres does not know, too: every text is found by its plain words besides."""
NAMES = {
    "arabic": "العربية ar",
    "armenian": "հայերեն hy",
    "basque": "euskara eu",
    "catalan": "català ca",
    "danish": "dansk da",
    "dutch": "nederlands nl",
    "english": "en",
    "finnish": "suomi fi",
    "french": "français fr",
    "german": "deutsch de",
    "greek": "ελληνικά el",
    "hindi": "हिन्दी hi",
    "hungarian": "magyar hu",
    "indonesian": "id",
    "irish": "gaeilge ga",
    "italian": "italiano it",
    "lithuanian": "lietuvių lt",
    "nepali": "नेपाली ne",
    "norwegian": "norsk bokmål nynorsk no nb nn",
    "portuguese": "português pt",
    "romanian": "română ro",
    "russian": "русский ru",
    "serbian": "српски srpski sr",
    "spanish": "español es",
    "swedish": "svenska sv",
    "tamil": "தமிழ் ta",
    "turkish": "türkçe tr",
    "yiddish": "ייִדיש yi",
}
"""What each is called by those who speak it, and its code."""
_CONFIGS = {name: config for config, others in NAMES.items() for name in (config, *others.split())}


def config_of(language: str) -> str:
    """Return Postgres' configuration for a language as people write it: `Deutsch`, `German (Austria)`, `de-AT`."""
    words = language.casefold().replace("(", " ").replace("-", " ").split()
    return next((_CONFIGS[word] for word in words if word in _CONFIGS), DEFAULT)
