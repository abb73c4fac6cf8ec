"""How many texts the embedding engine takes by itself, in batches as the queue hands them over."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from services.llm.vectors.minilm import MiniLM

BATCH = 64


async def rate(models: Path, texts: Sequence[str]) -> float:
    """Return texts a second, once the engine is loaded."""
    engine = MiniLM(models)
    try:
        await engine.embed(texts[:BATCH])
        began = time.perf_counter()
        for start in range(0, len(texts), BATCH):
            await engine.embed(texts[start : start + BATCH])
        return len(texts) / (time.perf_counter() - began)
    finally:
        await engine.aclose()


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=list[str])
    sys.stdout.write(f"{asyncio.run(rate(Path(sys.argv[1]), given))}\n")
