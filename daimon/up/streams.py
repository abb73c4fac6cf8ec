"""Laying out the streams on a bus that has just been started."""

from __future__ import annotations

from daimon.up.credentials import password, password_file
from daimon.up.home import Home
from proto.permissions import SETUP
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings
from services.runtime.setup import lay_out


async def prepare(home: Home, url: str) -> None:
    """Make what JetStream has to hold before a service starts; raises a Failure of the bus."""
    password(home, SETUP)
    settings = BusSettings(url=url, user=SETUP, password_file=str(password_file(home, SETUP)))
    async with Bus.open(settings, SETUP) as bus:
        await lay_out(bus)
