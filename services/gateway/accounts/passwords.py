"""Passwords: argon2id, in a thread, at most a few at once because each takes 64 MB for a moment."""

from __future__ import annotations

import asyncio
import functools
import unicodedata
from collections.abc import Mapping

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from proto.errors import Invalid

SHORTEST, LONGEST = 10, 200
AT_ONCE = 2


class Passwords:
    """Makes and checks hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash that is kept; Invalid for a password that is no good."""
        if len(password) < SHORTEST:
            raise Invalid(f"A password has at least {SHORTEST} characters; a few unrelated words are good ones.")
        if len(password) > LONGEST:
            raise Invalid(f"A password has at most {LONGEST} characters.")
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def matches(self, kept: str, password: str) -> bool:
        """Whether a password is the one; takes as long where there is none (`kept` is empty)."""
        async with self._slots:
            return await asyncio.to_thread(self._verify, kept, _normal(password[: LONGEST + 1]))

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept or _nobodys(), password) and bool(kept)
        except (Argon2Error, InvalidHashError):
            return False


@functools.cache
def _nobodys() -> str:
    """A hash to compare with where an account has none, so that time does not tell which accounts there are."""
    return PasswordHasher().hash("nobody")


def chosen(form: Mapping[str, str]) -> str:
    """A password that was typed twice; Invalid when the two differ."""
    if form.get("password", "") != form.get("again", ""):
        raise Invalid("The two are not the same; type the password again.")
    return form.get("password", "")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
