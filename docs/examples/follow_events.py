"""Follow everything that happens for a user: .venv/bin/python docs/examples/follow_events.py NATS_URL [USER].

The address comes from `bin/daimon credentials add watcher`. Needs only nats-py.
"""

import asyncio
import json
import sys

import nats


async def main(url: str, user: str = "owner") -> None:
    connection = await nats.connect(url)
    events = await connection.subscribe(f"daimon.event.{user}.>")
    async for message in events.messages:
        event = json.loads(message.data)
        print(event["time"], event["actor"], event["sentence"], flush=True)


if len(sys.argv) < 2:
    sys.exit(__doc__)
asyncio.run(main(*sys.argv[1:]))
