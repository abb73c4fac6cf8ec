"""The way to the box of a caller's conversation, with everything in it that was uploaded there."""

from __future__ import annotations

from proto import errors
from proto.base import Caller
from services.sandbox.box import Box, SandboxError
from services.sandbox.boxes import Boxes
from services.sandbox.exchange import Exchange


class Opening:
    """Opens boxes for callers."""

    def __init__(self, boxes: Boxes, exchange: Exchange) -> None:
        self._boxes = boxes
        self._exchange = exchange

    async def box(self, caller: Caller) -> Box:
        """The box of the caller's conversation; Unavailable says why there is none."""
        try:
            box = await self._boxes.box(caller.user, caller.conversation)
        except SandboxError as error:
            raise errors.Unavailable(str(error)) from error
        await self._exchange.bring(box.root, caller)
        return box
