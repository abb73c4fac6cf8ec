"""What must hold of the contract as a whole."""

from __future__ import annotations

import collections
import importlib
import pkgutil
import re

import msgspec
import pytest

import proto
from daimon.contract.listing import ACTIONS, CALLS, EVENTS
from proto import chat, events, tasks
from proto.base import Call, Caller, caller_of, token, untoken
from proto.kinds import happening
from proto.permissions import SERVICES, of, program
from proto.roles import ROLES


def written() -> set[str]:
    """The subjects of all calls that stand in modules of the contract."""
    modules = [importlib.import_module(f"proto.{each.name}") for each in pkgutil.iter_modules(proto.__path__)]
    return {each.subject for module in modules for each in vars(module).values() if isinstance(each, Call)}


def test_every_subject_is_served_by_exactly_one_service():
    servers = collections.Counter(call.subject for call in CALLS)
    assert set(servers) == written()
    assert set(servers.values()) == {1}


def test_the_service_that_serves_a_call_is_the_one_its_subject_names_or_owns():
    for name, role in ROLES.items():
        for call in role.serves:
            assert call.noun in {name, "actions", "documents", "self", *role.emits}, call.subject


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_tells_a_model_what_it_is(action):
    assert action.request.__doc__.strip().endswith(".")
    schema = msgspec.json.schema(action.request)["$defs"][action.request.__name__]
    assert schema["additionalProperties"] is False, "an argument that does not exist must be an error"
    fields = set(schema.get("properties", {}))
    for phrase in action.phrasings:
        assert set(re.findall(r"{(\w+)}", phrase)) <= fields, phrase


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.kind)
def test_every_kind_of_event_is_a_noun_and_a_verb(kind):
    assert re.fullmatch(r"[a-z]+\.[a-z]+", kind.kind)


@pytest.mark.parametrize("name", ["ada", "a.b", "*", ">", "", "ü mlaut", "a=2e", "x" * 50, "a\nb", "$JS"])
def test_a_name_becomes_one_harmless_token_and_comes_back(name):
    encoded = token(name)
    assert re.fullmatch(r"[A-Za-z0-9_=-]+", encoded)
    assert untoken(encoded) == name


def test_names_that_look_alike_stay_apart():
    names = ["a.b", "a=2eb", "a=b", "a b", "ab"]
    assert len({token(name) for name in names}) == len(names)


def test_a_caller_is_read_back_from_the_subject():
    caller = Caller(user="a.b *", actor="plugin-x")
    assert caller_of(tasks.ADD.subject, tasks.ADD.at(caller)) == caller


def test_an_event_survives_the_wire():
    caller = Caller(user="ada", conversation="c.1", cause="x", key="k")
    event = events.happened(tasks.TaskAdded(task="1", title="buy milk"), caller)
    again = msgspec.json.decode(msgspec.json.encode(event), type=events.Event)
    assert happening(again) == tasks.TaskAdded(task="1", title="buy milk")
    assert again.subject == "daimon.record.ada.task.added.c=2e1"
    assert (again.sentence, again.conversation) == ("Added task 'buy milk'", "c.1")


def test_a_kind_from_a_newer_version_is_kept_but_not_read():
    event = events.happened(tasks.TaskAdded(task="1", title="x"), Caller(user="ada"))
    assert happening(msgspec.structs.replace(event, kind="task.teleported")) is None


@pytest.mark.parametrize(
    ("kind", "golden"),
    [
        (chat.Send, b'{"conversation":"c","text":"hi"}'),
        (tasks.AddTask, b'{"title":"x"}'),
        (chat.Text, b'{"type":"text","attempt":1,"offset":0,"text":"a"}'),
        (chat.Ended, b'{"type":"ended","attempt":1,"outcome":"done"}'),
        (
            events.Event,
            b'{"id":"1","time":"2026-11-22T00:00:00Z","user":"ada","actor":"user","kind":"task.added","sentence":"s","data":{}}',
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_messages_of_the_first_release_still_decode(kind, golden):
    assert msgspec.json.decode(golden, type=kind)


def test_a_service_may_not_write_events_of_another_noun():
    for name, role in ROLES.items():
        allowed = {subject for subject in of(name).publish if subject.startswith("daimon.record.")}
        assert allowed == {f"daimon.record.*.{noun}.>" for noun in role.emits}


def test_nobody_may_say_that_something_happened_but_the_log():
    for name in SERVICES:
        assert not any(subject.startswith("daimon.event.") for subject in of(name).publish)


def test_a_program_reaches_one_user_and_its_own_noun():
    rights = program("weather", "ada", "weather")
    assert set(rights.publish) == {"daimon.do.ada.plugin-weather.>", "$SRV.>", "_INBOX.>"}
    assert "daimon.do.*.*.weather.>" in rights.subscribe
    assert not any(subject.startswith(("$JS", "$KV")) for subject in (*rights.publish, *rights.subscribe))


def test_a_program_that_only_reads_may_call_nothing_that_changes():
    rights = program("viewer", "ada", reads_only=True)
    assert "daimon.do.ada.plugin-viewer.tasks.list" in rights.publish
    changing = {f"daimon.do.ada.plugin-viewer.{action.name}" for action in ACTIONS if action.risk != "read"}
    assert not changing & set(rights.publish)
    assert not any(subject.startswith("daimon.do.") and subject.endswith((">", "*")) for subject in rights.publish)
