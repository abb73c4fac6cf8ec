"""Asking a server on the loopback interface one question over HTTP."""

from __future__ import annotations

import asyncio

from daimon.up.ports import LOOPBACK

WITHIN = 5.0


async def get(port: int, target: str) -> bytes:
    """Return the body of the answer; raises OSError when there is none or it is not a 200."""
    async with asyncio.timeout(WITHIN):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(f"GET {target} HTTP/1.0\r\nHost: {LOOPBACK}\r\n\r\n".encode())
            answer = await reader.read()
        finally:
            writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split()[1:2] != [b"200"]:
        raise ConnectionError(f"{LOOPBACK}:{port}{target} answered {head[:40]!r}")
    return body
