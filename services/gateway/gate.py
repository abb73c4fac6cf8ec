"""What all requests share: the bus, the sessions, the open pages."""

from __future__ import annotations

import asyncio

from services.gateway.assets import AssetShelf
from services.gateway.audience import Audience
from services.gateway.keys import Keys
from services.gateway.sessions import Sessions
from services.gateway.settings import GatewaySettings
from services.runtime.bus import Bus


class Gate:
    """What all requests share."""

    def __init__(self, bus: Bus, settings: GatewaySettings, sessions: Sessions, keys: Keys) -> None:
        self.bus = bus
        self.settings = settings
        self.sessions = sessions
        self.keys = keys
        self.assets = AssetShelf(bus)
        self.audience = Audience(bus)
        self.models: dict[str, float] = {}
        """When each of the model server's models was last known to be there."""
        self.closing = asyncio.Event()
        """Set when the service stops: streams that would never end by themselves end then."""

    @property
    def cookie(self) -> str:
        """The session cookie's name; browsers share cookies between ports, so the port is part of it."""
        return "__Host-daimon" if self.settings.secure else f"daimon_{self.settings.port}"
