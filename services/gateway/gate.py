"""What all requests share: the bus, the sessions, the open pages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from services.gateway.accounts.keys import Keys
from services.gateway.accounts.sessions import Sessions
from services.gateway.accounts.throttle import Throttle
from services.gateway.accounts.users import Users
from services.gateway.assets import AssetShelf
from services.gateway.live.audience import Audience
from services.gateway.pages.downloads import Downloads
from services.gateway.pages.vitals import Vitals
from services.gateway.programs.metrics import Metrics
from services.gateway.settings import GatewaySettings
from services.runtime.bus import Bus, Kv


class Gate:
    """What all requests share."""

    def __init__(self, bus: Bus, settings: GatewaySettings, sessions: Kv, accounts: Kv) -> None:
        self.bus = bus
        self.settings = settings
        self.sessions = Sessions(bus, sessions, timedelta(days=settings.session_days))
        self.keys = Keys(bus, accounts)
        self.users = Users(bus, accounts, settings.owner)
        self.metrics = Metrics(bus)
        self.throttle = Throttle(accounts)
        self.assets = AssetShelf(bus)
        self.audience = Audience(bus)
        self.downloads = Downloads(bus)
        self.vitals = Vitals(bus)
        self.models: dict[str, float] = {}
        """When each of the model server's models was last known to be there."""
        self.closing = asyncio.Event()
        """Set when the service stops: streams that would never end by themselves end then."""

    async def keep(self) -> None:
        """Follow the stores until cancelled."""
        async with asyncio.TaskGroup() as group:
            for store in (self.sessions, self.keys, self.users):
                group.create_task(store.keep())
            for watch in (self.metrics, self.downloads, self.vitals):
                group.create_task(watch.keep())
            group.create_task(self.throttle.sweep())

    @property
    def cookie(self) -> str:
        """The session cookie's name; browsers share cookies between ports, so the port is part of it."""
        return "__Host-daimon" if self.settings.secure else f"daimon_{self.settings.port}"
