"""How somebody can be met, and how not."""

from __future__ import annotations

import re
import unicodedata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from proto.accounts import Profile
from proto.errors import Invalid

SHOWN = 64
LANGUAGE = re.compile(r"[\w ()-]{0,40}")


def checked(profile: Profile) -> Profile:
    """The profile, if it can be; Invalid says what is wrong with it."""
    if len(profile.shown) > SHOWN:
        raise Invalid(f"A name has at most {SHOWN} letters.")
    if profile.zone and not _is_zone(profile.zone):
        raise Invalid(f"There is no time zone '{profile.zone[:64]}'; write one such as Europe/Oslo, or leave it empty.")
    if any(unicodedata.category(letter) in ("Cc", "Cf") for letter in profile.shown):
        raise Invalid("The name shown has letters that cannot be seen; type it anew.")
    if not LANGUAGE.fullmatch(profile.language):
        raise Invalid("A language has at most 40 letters, such as Deutsch or English.")
    return profile


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return False
    return True
