"""Every route says whom it is for."""

from __future__ import annotations

from services.gateway.routes import ROUTES
from tests.support.doors import EXPECTED, KIND_OF, KINDS, STRANGERS, named


def test_every_route_is_classified_and_every_class_is_complete():
    assert sorted(KIND_OF) == sorted(map(named, ROUTES)), "say in tests/support/doors.py who may use the new route"
    assert sum(map(len, KINDS.values())) == len(KIND_OF)
    assert {kind: len(row) for kind, row in EXPECTED.items()} == dict.fromkeys(KINDS, len(STRANGERS))
