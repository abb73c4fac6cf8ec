"""The first file of a `multipart/form-data` body, read as it comes: nothing of it is kept in memory or on the disk."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator

from proto.errors import Invalid

HEAD_LIMIT = 16_384
_END = b"\r\n\r\n"
_BOUNDARY = re.compile(r'boundary="?([^";]{1,70})"?', re.IGNORECASE)
_FILE = re.compile(rb'^content-disposition:.*?\bfilename="((?:[^"\\]|\\.)*)"', re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(rb"^content-type:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Multipart:
    """A body that is being read."""

    def __init__(self, body: AsyncIterator[bytes], content_type: str) -> None:
        """Invalid when the content type names no boundary."""
        found = _BOUNDARY.search(content_type)
        if found is None:
            raise Invalid("The form does not say where its parts end.")
        self._body = body
        self._mark = b"\r\n--" + found[1].encode("latin-1")
        self._pending = b"\r\n"
        self.name = ""
        self.media_type = ""

    async def find(self) -> None:
        """Go to the first file and read its name and media type; Invalid when there is none."""
        while True:
            async for _ in self.pieces():
                pass
            head = await self._head()
            found, kind = _FILE.search(head), _TYPE.search(head)
            if found and found[1]:
                self.name = found[1].replace(b'\\"', b'"').replace(b"%22", b'"').decode("utf-8", "replace")
                self.media_type = kind[1].decode("latin-1") if kind else ""
                return

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes up to the end of the part we are in."""
        while (end := self._pending.find(self._mark)) < 0:
            # The mark may have begun at the end of what has come.
            sure = len(self._pending) - len(self._mark) + 1
            if sure > 0:
                yield self._pending[:sure]
                self._pending = self._pending[sure:]
            await self._more()
        rest, self._pending = self._pending[:end], self._pending[end + len(self._mark) :]
        if rest:
            yield rest

    async def _head(self) -> bytes:
        while _END not in self._pending:
            if self._pending.startswith(b"--"):
                raise Invalid("There is no file in the form. Choose one first.")
            if len(self._pending) > HEAD_LIMIT:
                raise Invalid("The form is not one that browsers send.")
            await self._more()
        if self._pending.startswith(b"--"):
            raise Invalid("There is no file in the form. Choose one first.")
        head, _, self._pending = self._pending.partition(_END)
        # An empty part has its mark right behind its head.
        self._pending = b"\r\n" + self._pending if self._pending.startswith(self._mark[2:]) else self._pending
        return head

    async def _more(self) -> None:
        async for piece in self._body:
            self._pending += piece
            return
        raise Invalid("The upload ended before it was whole. Send it again.")
