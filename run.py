"""The shortest use of Daimon: have it run a shell command and print the result. Needs a running `bin/daimon up`."""

import asyncio
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv/bin/python"
if sys.prefix == sys.base_prefix and VENV.exists():
    os.execv(VENV, [str(VENV), *sys.argv])  # noqa: S606 - the same program, with its packages

from daimon.session import ChatSession  # noqa: E402 - the packages are in the venv
from proto.errors import Failure  # noqa: E402


async def main() -> None:
    """Ask, and print the answer as it is written."""
    async with ChatSession() as chat:
        async for text in chat.chat_stream("run uname -a"):
            print(text, end="", flush=True)
    print()


try:
    asyncio.run(main())
except Failure as failure:
    sys.exit(failure.message)
