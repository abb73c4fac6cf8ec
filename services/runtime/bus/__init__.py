"""The bus: the only folder that knows NATS; everything else speaks in the contract's descriptors."""

from services.runtime.bus.connection import Bus
from services.runtime.bus.journal import Expect, Repeated
from services.runtime.bus.kv import Kv
from services.runtime.bus.live import Interrupted
from services.runtime.bus.objects import Objects
from services.runtime.bus.serving import Routes
from services.runtime.bus.work import Batch, Delivery, Work

__all__ = ["Batch", "Bus", "Delivery", "Expect", "Interrupted", "Kv", "Objects", "Repeated", "Routes", "Work"]
