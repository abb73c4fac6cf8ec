"""The way to the box of a caller's conversation: with what was uploaded there, and with the network it may have."""

from __future__ import annotations

from pathlib import Path

import msgspec

from proto import errors
from proto.base import Caller
from services.sandbox.box import Box, SandboxError
from services.sandbox.boxes import Boxes
from services.sandbox.exchange import Exchange
from services.sandbox.reach import Reach

NOTED = "network.json"


class Opening:
    """Opens boxes for callers."""

    def __init__(self, boxes: Boxes, exchange: Exchange, reach: Reach) -> None:
        """`reach` is what a box may reach of which nobody said anything."""
        self._boxes = boxes
        self._exchange = exchange
        self._usual = reach
        self._reaches: dict[Path, Reach] = {}

    async def box(self, caller: Caller) -> Box:
        """The box of the caller's conversation; Unavailable says why there is none."""
        try:
            box = await self._boxes.box(caller.user, caller.conversation)
        except SandboxError as error:
            raise errors.Unavailable(str(error)) from error
        box.reach = self.reach(caller)
        if not self._exchange.has_brought(box.root):
            await self._exchange.bring(box.root, caller)
        return box

    def expect(self, user: str, conversation: str) -> None:
        """Something was uploaded for a box."""
        self._exchange.expect(self._boxes.root(user, conversation))

    def forget(self) -> None:
        """Some boxes are gone: look anew at what there is of each."""
        self._reaches.clear()
        self._exchange.expect_all()

    def reach(self, caller: Caller) -> Reach:
        """What the box of a conversation may reach, whether it lives or not."""
        root = self._root(caller)
        if root not in self._reaches:
            self._reaches[root] = self._read(root)
        return self._reaches[root]

    def set_reach(self, caller: Caller, reach: Reach) -> None:
        """Change what the box of a conversation may reach, now and after the service was started anew."""
        root = self._root(caller)
        root.mkdir(parents=True, exist_ok=True, mode=0o755)
        fresh = root / f"{NOTED}.new"
        fresh.write_bytes(msgspec.json.encode(reach))
        fresh.rename(root / NOTED)
        self._reaches[root] = reach
        box = self._boxes.open_one(root)
        if box is not None:
            box.reach = reach

    def _root(self, caller: Caller) -> Path:
        return self._boxes.root(caller.user, caller.conversation)

    def _read(self, root: Path) -> Reach:
        try:
            return msgspec.json.decode((root / NOTED).read_bytes(), type=Reach)
        except FileNotFoundError:
            return self._usual
        except (OSError, msgspec.MsgspecError):
            # What was said of this box cannot be read: then it reaches nothing.
            return Reach(mode="off")
