"""The menu, read from what programs say of themselves."""

from __future__ import annotations

import json

import pytest

from proto import errors
from proto.base import Caller
from services.llm.menu.catalogue import Catalogue, subject
from services.runtime.bus.discovery import EndpointInfo, ServiceInfo


def announced(name: str, *, address: str = "", service: str = "stranger", **metadata: str) -> ServiceInfo:
    endpoint = EndpointInfo(
        name="x", subject=address or f"daimon.do.*.*.{name}", metadata={"action": name, "description": "d", **metadata}
    )
    return ServiceInfo(name=service, id=service, endpoints=(endpoint,))


def names(*services: ServiceInfo) -> list[str]:
    catalogue = Catalogue()
    catalogue.learn(services)
    return [item.name for item in catalogue.menu.actions]


def test_an_action_is_served_where_its_name_says():
    assert names(announced("weather.now")) == ["weather.now"]
    for address in ("daimon.do.*.*.evil.now", "daimon.do.owner.model.weather.now", "weather.now", "daimon.do.*.*.>"):
        assert names(announced("weather.now", address=address)) == []


def test_nobody_offers_calls_that_are_ours_and_not_on_the_menu():
    for name in ("chat.read", "chat.send", "memory.recent", "llm.embed", "tasks.purge"):
        assert names(announced(name)) == []


def test_our_own_actions_are_described_by_the_contract_whoever_announces_them():
    catalogue = Catalogue()
    catalogue.learn([announced("tasks.delete", description="Harmless", risk="read", phrasings='["hello"]')])
    item = catalogue.find("tasks.delete")
    assert (item.description, item.risk) == ("Remove a task from the list.", "change")
    assert "hello" not in item.phrasings


def test_two_versions_of_an_action_at_once_are_one_in_the_menu():
    assert names(announced("weather.now", description="a"), announced("weather.now", service="b")) == ["weather.now"]


@pytest.mark.parametrize(
    "schema", ["{", "[]", '{"type": 7}', '{"$ref": "http://127.0.0.1:9/x"}', '{"$ref": "file:///etc/passwd"}']
)
def test_a_schema_that_is_none_or_points_elsewhere_is_left_out(schema):
    assert names(announced("weather.now", schema=schema)) == []


def test_who_is_slow_in_one_look_stays_and_is_gone_after_two():
    catalogue = Catalogue()
    catalogue.learn([announced("weather.now")])
    catalogue.learn([])
    assert catalogue.find("weather.now")
    catalogue.learn([])
    with pytest.raises(errors.Missing, match=r"no action 'weather.now'"):
        catalogue.find("weather.now")


def test_a_call_goes_out_in_the_callers_name():
    catalogue = Catalogue()
    catalogue.learn([announced("weather.now")])
    address = subject(catalogue.find("weather.now"), Caller(user="a.b", actor="model"))
    assert address == "daimon.do.a=2eb.model.weather.now"


def test_wrong_arguments_are_named_in_words():
    catalogue = Catalogue()
    schema = json.dumps({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
    catalogue.learn([announced("weather.now", schema=schema)])
    with pytest.raises(errors.Invalid, match="city"):
        catalogue.check(catalogue.find("weather.now"), {"town": "Rome"})
    catalogue.check(catalogue.find("weather.now"), {"city": "Rome"})
