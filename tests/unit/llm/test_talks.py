"""Files of other programs are read as the conversations they are: order, versions, times; what is none is refused."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from proto.chat import MESSAGE_LIMIT
from services.llm.talks import Unreadable, read

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC).timestamp()


def node(name, parent, role, text, *, after=0, **about):
    message = {
        "author": {"role": role},
        "create_time": NOON + after,
        "content": {"content_type": "text", "parts": [text]},
    }
    return {name: {"id": name, "parent": parent, "children": [], "message": {**message, **about}}}


CHATGPT = [
    {
        "conversation_id": "c-1",
        "title": "Bread",
        "create_time": NOON,
        "current_node": "a1b",
        "mapping": {
            "root": {"id": "root", "message": None, "parent": None, "children": ["sys"]},
            **node("sys", "root", "system", "You are helpful."),
            **node("hidden", "sys", "user", "profile", metadata={"is_visually_hidden_from_conversation": True}),
            **node("q1", "hidden", "user", "How do I bake?", after=1),
            **node("a1", "q1", "assistant", "With flour.", after=2, metadata={"model_slug": "gpt-4o"}),
            **node("a1b", "q1", "assistant", "With patience.", after=3),
            **node("q2", "a1", "user", "And then?", after=4),
            **node("call", "q2", "assistant", "search()", after=5, recipient="browser"),
            **node("tool", "call", "tool", "results", after=6),
            **node("a2", "tool", "assistant", "Wait.", after=7),
            **node("more", "a2", "assistant", "Then eat.", after=8),
            **node("q2b", "a1", "user", "And before?", after=9),
        },
    },
    {"conversation_id": "c-2", "title": "Broken", "create_time": NOON},
]
WEBUI = [
    {
        "id": "w-1",
        "title": "Sums",
        "created_at": NOON,
        "chat": {
            "history": {
                "currentId": "2",
                "messages": {
                    "1": {"id": "1", "parentId": None, "role": "user", "content": "15 * 17?", "timestamp": NOON},
                    "2": {
                        "id": "2", "parentId": "1", "role": "assistant", "model": "r1", "timestamp": NOON + 9,
                        "content": '<details type="reasoning"><summary>Thought</summary>hm</details>\n255',
                    },
                },
            }
        },
    }
]  # fmt: skip


def libre(name, parent, text, *children):
    user = name.startswith("q")
    return {"messageId": name, "parentMessageId": parent, "isCreatedByUser": user, "text": text, "children": children}


NONE = "00000000-0000-0000-0000-000000000000"
LIBRECHAT = {
    "conversationId": "l-1",
    "title": "Tree",
    "recursive": True,
    "messages": [libre("q1", NONE, "one", libre("a1", "q1", "1", libre("q2", "a1", "two", libre("a2", "q2", "2"))))],
}


def one(found, number=0):
    source, talks = read(json.dumps(found).encode())
    return source, talks[number]


def turns(talk):
    return [(turn.parent, turn.asked, turn.answer, turn.way) for turn in talk.turns]


def test_chatgpts_tree_keeps_its_versions_and_leaves_out_what_nobody_said():
    source, talk = one(CHATGPT)
    assert (source, talk.id, talk.title, talk.time.timestamp()) == ("ChatGPT", "c-1", "Bread", NOON)
    assert turns(talk) == [
        ("", "How do I bake?", "With flour.", "new"),
        ("q1", "And then?", "Wait.\n\nThen eat.", "new"),
        ("q1", "And before?", "", "edit"),
        ("", "How do I bake?", "With patience.", "regenerate"),
    ]
    assert talk.turns[0].model == "gpt-4o"
    assert talk.turns[0].asked_at.timestamp() == NOON + 1
    assert talk.reads == "a1b"


def test_open_webuis_history_comes_without_what_the_model_thought():
    source, talk = one(WEBUI)
    assert (source, turns(talk), talk.reads) == ("Open WebUI", [("", "15 * 17?", "255", "new")], "1")
    assert (talk.turns[0].model, talk.turns[0].answered_at.timestamp()) == ("r1", NOON + 9)


def test_an_old_list_of_messages_stands_in_a_row():
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    _, talk = one([{"id": "o", "chat": {"title": "Old", "history": {}, "messages": said}}])
    assert turns(talk) == [("", "a", "b", "new"), ("0", "c", "", "new")]


def test_librechats_children_are_the_turns_that_follow():
    source, talk = one(LIBRECHAT)
    assert (source, talk.title) == ("LibreChat", "Tree")
    assert turns(talk) == [("", "one", "1", "new"), ("q1", "two", "2", "new")]


def test_messages_of_librechat_without_children_name_their_parents():
    flat = [libre("q1", NONE, "one"), libre("a1", "q1", "1"), libre("a1b", "q1", "uno"), libre("q2", "a1", "two")]
    _, talk = one({"conversationId": "f", "messages": flat})
    assert turns(talk) == [("", "one", "1", "new"), ("q1", "two", "", "new"), ("", "one", "uno", "regenerate")]


def test_an_archive_is_looked_through_for_its_conversations():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("export/conversations.json", json.dumps(CHATGPT))
        archive.writestr("export/chat.html", "<p>")
    assert len(read(packed.getvalue())[1]) == 1


def test_messages_that_go_round_in_a_circle_are_left_out():
    circle = {
        "a": {"id": "a", "parentId": "b", "role": "user", "content": "x"},
        "b": {"id": "b", "parentId": "a", "role": "user"},
    }
    good = {"c": {"id": "c", "parentId": None, "role": "user", "content": "here"}}
    _, talk = one([{"id": "w", "chat": {"history": {"messages": circle | good}}}])
    assert turns(talk) == [("", "here", "", "new")]


def test_a_message_that_is_too_long_loses_its_middle():
    long = {"id": "1", "parentId": None, "role": "user", "content": "a" + "x" * MESSAGE_LIMIT + "z"}
    _, talk = one([{"id": "w", "chat": {"history": {"messages": {"1": long}}}}])
    assert len(talk.turns[0].asked) <= MESSAGE_LIMIT
    assert (talk.turns[0].asked[0], talk.turns[0].asked[-1]) == ("a", "z")


def test_twenty_thousand_messages_are_read_in_a_moment():
    said = [{"role": ("user", "assistant")[number % 2], "content": "x"} for number in range(20_000)]
    _, talk = one([{"id": "w", "chat": {"messages": said}}])
    assert len(talk.turns) == 10_000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not JSON"),
        (b"\x89PNG\r\n", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no file of conversations"),
        (b"{}", "no file of conversations"),
        (b"3", "no file of conversations"),
        (b'[{"some": "thing"}]', "no file of conversations"),
        (b'[{"mapping": {}}]', "no conversation"),
        (b'[{"mapping": {"a": {"message": {"author": "me"}}}}]', "not as its program writes them"),
        (b'[{"mapping": [1]}]', "not as its program writes them"),
        (b'{"conversationId": "x", "messages": [3]}', "not as its program writes them"),
        (b'{"exchanges": [{"turn": 3}]}', "not as its program writes them"),
        (b"PK\x03\x04 and no more", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(content, why):
    with pytest.raises(Unreadable, match=why):
        read(content)
