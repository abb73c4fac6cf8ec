"""The trace that a request belongs to: the caller's own where it names one (W3C Trace Context), else a new one."""

from __future__ import annotations

import re
import secrets

from services.runtime.bus.wire import new_trace

_TRACEPARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")


def traced(header: str) -> str:
    """The traceparent of what we do for a request: a span of ours in the caller's trace."""
    found = _TRACEPARENT.fullmatch(header.strip())
    if found is None or not (int(found["trace"], 16) and int(found["parent"], 16)):
        return new_trace()
    return f"00-{found['trace']}-{secrets.token_hex(8)}-{found['flags']}"
