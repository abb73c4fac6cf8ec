"""Forms made from JSON Schemas, and what is typed into them as arguments."""

from __future__ import annotations

import msgspec
import pytest

from proto import memory, sandbox, tasks
from proto.errors import Invalid
from services.gateway.pages.fields import PREFIX, arguments, fields
from services.runtime.bus.serving import schema

SCHEMA = {
    "properties": {
        "title": {"type": "string", "maxLength": 50, "description": "What"},
        "body": {"type": "string", "maxLength": 5000},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "share": {"type": "number"},
        "loud": {"type": "boolean"},
        "way": {"enum": ["up", "down"]},
        "names": {"type": "array", "items": {"type": "string"}},
        "since": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "options": {"type": "object"},
    },
    "required": ["title"],
}
KNOWN = fields(msgspec.json.encode(SCHEMA))


def typed(**values: str) -> dict[str, object]:
    return arguments(KNOWN, {PREFIX + name: text for name, text in values.items()} | {"csrf": "x", "back": "/"})


def test_each_argument_has_a_field_of_its_kind():
    assert {field.name: field.kind for field in KNOWN} == {
        "title": "text", "body": "long text", "count": "integer", "share": "number", "loud": "yes or no",
        "way": "choice", "names": "lines", "since": "text", "options": "json",
    }  # fmt: skip
    count = KNOWN[2]
    assert (count.low, count.high, count.default, count.required) == ("1", "9", "3", False)
    assert KNOWN[0].required


def test_what_is_typed_becomes_arguments_and_what_is_empty_is_left_out():
    found = typed(title=" milk ", body="", count="4", share="0.5", loud="no", names="a\r\n\r\n b ", options='{"a": 1}')
    assert found == {
        "title": " milk ", "count": 4, "share": 0.5, "loud": False, "names": ["a", "b"], "options": {"a": 1},
    }  # fmt: skip


@pytest.mark.parametrize(("name", "text", "sentence"), [
    ("count", "many", "a whole number"), ("count", "9" * 5000, "too long"), ("share", "half", "a number"),
    ("options", "{", "JSON"),
])  # fmt: skip
def test_what_is_no_such_value_is_refused_in_a_sentence(name, text, sentence):
    with pytest.raises(Invalid, match=sentence):
        typed(**{name: text})


@pytest.mark.parametrize("odd", [b"{}", b"[]", b"nothing", b'{"properties": []}', b'{"properties": {"a": 1}}'])
def test_a_schema_in_another_form_has_no_fields(odd):
    assert fields(odd) == ()


@pytest.mark.parametrize("request_of", [tasks.AddTask, memory.Search, sandbox.Run])
def test_our_own_actions_have_a_field_for_each_argument(request_of):
    found = fields(msgspec.json.encode(schema(request_of)))
    assert [field.name for field in found] == list(request_of.__struct_fields__)
    assert "json" not in {field.kind for field in found}
