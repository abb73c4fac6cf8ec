"""The OpenAPI document of what programs ask over HTTP, made from the routing tables and their Structs."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import Response

from services.gateway.accounts.access import Who
from services.gateway.pages import uploads
from services.gateway.problems import OPENAI, Problem
from services.gateway.programs import openai, rest
from services.gateway.programs.openai_wire import WrongReply
from services.gateway.visit import Route, Visit

Named = dict[type[msgspec.Struct], dict[str, Any]]
DESCRIBED = (*rest.ROUTES, *openai.ROUTES, *uploads.ROUTES)
_REF = "#/components/schemas/{name}"
_PLACE = re.compile(r"\{(\w+)(?::path)?\}")


async def document(_: Visit) -> Response:
    """The document."""
    return Response(_written(), media_type="application/json")


def described(routes: Iterable[Route]) -> dict[str, Any]:
    """Describe routes; what they take and give is described by the Structs themselves."""
    routes = tuple(routes)
    kinds: set[type[msgspec.Struct]] = {Problem, WrongReply}
    kinds.update(kind for route in routes for kind in (route.takes, route.gives) if kind)
    ordered: list[type[msgspec.Struct]] = sorted(kinds, key=lambda kind: f"{kind.__module__}.{kind.__name__}")
    refs, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    named: Named = dict(zip(ordered, refs, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(_PLACE.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route, named)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Daimon", "version": "0.1.0", "description": "Keys are made with `daimon keys add`."},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "daimon-…"}},
        },
        "security": [{"key": []}],
    }


@functools.cache
def _written() -> bytes:
    return msgspec.json.encode(described(DESCRIBED))


def _operation(route: Route, named: Named) -> dict[str, Any]:
    summary = " ".join((route.answer.__doc__ or "").split())
    openai_words = route.path.startswith(OPENAI)
    wrong = _content(named[WrongReply]) if openai_words else _content(named[Problem], "application/problem+json")
    found: dict[str, Any] = {
        "operationId": f"{route.answer.__module__.rpartition('.')[2]}_{route.answer.__name__}",
        "summary": summary.rstrip("."),
        "parameters": [*_parameters(route)],
        "responses": {
            "200": {"description": "Done.", **(_content(named[route.gives]) if route.gives else {})},
            "default": {"description": "What went wrong, in a sentence.", **wrong},
        },
    }
    if route.takes:
        found["requestBody"] = {"required": True, **_content(named[route.takes])}
    return found


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in _PLACE.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name in route.query:
        yield {"name": name, "in": "query", "schema": {"type": "string"}}


def _content(schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


ROUTES = (Route(method="GET", path="/openapi.json", who=Who.EITHER, answer=document),)
