"""The description of the HTTP interface leaves nothing out."""

from __future__ import annotations

import re

from services.gateway.programs.openapi import DESCRIBED, described
from services.gateway.routes import ROUTES

PROGRAMS = ("/api/", "/v1/", "/files/")


def test_every_route_for_programs_is_described():
    wanted = {(route.method, route.path) for route in ROUTES if route.path.startswith(PROGRAMS)}
    assert {(route.method, route.path) for route in DESCRIBED} == wanted


def test_a_route_stands_under_its_path_with_what_it_takes_and_gives():
    document = described(DESCRIBED)
    for route in DESCRIBED:
        operation = document["paths"][re.sub(r":path", "", route.path)][route.method.lower()]
        assert ("requestBody" in operation) is (route.takes is not None)
        assert ("content" in operation["responses"]["200"]) is (route.gives is not None)
        assert "content" in operation["responses"]["default"]
