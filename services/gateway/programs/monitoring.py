"""What a monitoring system reads."""

from __future__ import annotations

from fastapi import Response

from services.gateway.accounts.access import Who
from services.gateway.visit import Route, Visit

TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""The media type of Prometheus' text format."""


async def metrics(visit: Visit) -> Response:
    """All numbers: of this gateway, and of what everybody's turns took."""
    counted = visit.gate.metrics
    return Response(counted.text(await counted.depths()), media_type=TEXT)


ROUTES = (Route(method="GET", path="/metrics", who=Who.SCRAPER, answer=metrics, least="owner"),)
