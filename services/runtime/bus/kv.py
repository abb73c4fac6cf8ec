"""Key-value buckets: small state that outlives every process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from nats import errors as nats_errors
from nats.js import errors as js_errors
from nats.js.kv import KeyValue

from proto import errors
from services.runtime.bus.stored import Stored

TRIES = 20
"""How often a change is decided anew when somebody else was faster."""
_AWAY = "The key-value store cannot be reached. Try again in a moment."


class Kv:
    """One bucket; keys are subject tokens."""

    def __init__(self, name: str, bucket: KeyValue, stored: Stored) -> None:
        self._bucket = bucket
        self._stored = stored
        self._prefix = f"$KV.{name}."

    async def get(self, key: str) -> bytes | None:
        """Return a value, None when there is none."""
        try:
            return (await self._bucket.get(key)).value
        except js_errors.NotFoundError:
            return None
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error

    async def put(self, key: str, value: bytes) -> None:
        """Set a value."""
        try:
            await self._bucket.put(key, value)
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error

    async def change(self, key: str, decide: Callable[[bytes | None], bytes | None]) -> None:
        """Set a value to what is decided from the one there is; None leaves it.

        It is decided anew when somebody else was faster, and Conflict is raised when somebody always is.
        """
        for _ in range(TRIES):
            try:
                entry = await self._entry(key)
                after = decide(entry.value if entry else None)
                if after is not None and entry:
                    await self._bucket.update(key, after, last=entry.revision)
                elif after is not None:
                    await self._bucket.create(key, after)
            except js_errors.KeyWrongLastSequenceError:
                continue
            except nats_errors.Error as error:
                raise errors.Unavailable(_AWAY) from error
            return
        raise errors.Conflict

    async def _entry(self, key: str) -> KeyValue.Entry | None:
        try:
            return await self._bucket.get(key)
        except js_errors.NotFoundError:
            return None

    async def create(self, key: str, value: bytes) -> None:
        """Set a value that must not be there yet, or raise Conflict."""
        try:
            await self._bucket.create(key, value)
        except js_errors.KeyWrongLastSequenceError as error:
            raise errors.Conflict from error
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error

    async def take(self, key: str) -> bytes | None:
        """Remove a value and return it; of several callers exactly one gets it."""
        try:
            entry = await self._bucket.get(key)
            await self._bucket.delete(key, last=entry.revision)
        except (js_errors.NotFoundError, js_errors.KeyWrongLastSequenceError, js_errors.BadRequestError):
            return None
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error
        return entry.value

    async def delete(self, key: str) -> None:
        """Remove a value."""
        try:
            await self._bucket.delete(key)
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error

    async def everything(self) -> dict[str, bytes]:
        """Return all keys with their values, as of now."""
        # nats-py's own list may end before it has begun: it takes what is delivered but not read yet for nothing.
        found = await self._stored.latest(f"{self._prefix}>")
        return {subject.removeprefix(self._prefix): value for subject, value in found.items() if value}

    async def watch(self) -> AsyncGenerator[tuple[str, bytes | None], None]:
        """Yield every key with its value, first those that are there, then each change; None is a removal."""
        try:
            watcher = await self._bucket.watchall()
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error
        try:
            async for entry in watcher:
                if entry is not None:
                    yield entry.key, entry.value if entry.operation is None else None
        finally:
            await watcher.stop()  # type: ignore[no-untyped-call]
