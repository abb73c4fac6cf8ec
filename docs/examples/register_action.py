"""Give Daimon a new action: .venv/bin/python docs/examples/register_action.py NATS_URL.

The address comes from `bin/daimon credentials add weather --serves weather`. Needs only nats-py.
"""

import asyncio
import json
import sys

import nats
import nats.micro

ACTION = {
    "action": "weather.now",
    "description": "Tell the weather in a city.",
    "schema": json.dumps({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
    "phrasings": json.dumps(["what is the weather in {city}", "how warm is it in {city}"]),
    "risk": "read",
}


async def now(request: nats.micro.Request) -> None:
    city = json.loads(request.data)["city"]
    await request.respond(json.dumps({"celsius": 21, "sentence": f"It is sunny and 21 °C in {city}."}).encode())


async def main(url: str) -> None:
    connection = await nats.connect(url)
    service = await nats.micro.add_service(connection, name="weather", version="1.0.0")
    await service.add_endpoint(name="now", subject="daimon.do.*.*.weather.now", handler=now, metadata=ACTION)
    await asyncio.Event().wait()


if len(sys.argv) < 2:
    sys.exit(__doc__)
asyncio.run(main(sys.argv[1]))
