"""Headers of messages as the wire has them."""

from __future__ import annotations

import pytest
from nats.aio.client import Client as NatsClient
from nats.js.api import Header

from services.runtime.bus.client import Client, _frame
from services.runtime.bus.wire import one_line
from services.runtime.bus.work import delivered

BLOCKS = [
    b"Nats-Msg-Id: 0190\r\nNats-Batch-Sequence: 7\r\n\r\n",
    b"Name:Value\r\nOther:\tTabbed \r\n",
    b"With space in: x\r\nGood: y\r\n",
    "Grüße: x\r\nTitle: Grüße: und mehr\r\n".encode(),
    b"Broken: \xff\xfe\r\nno colon here\r\n",
    b"",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_headers_are_read_as_the_library_reads_them(block):
    assert Client._parse_header_lines(block) == NatsClient._parse_header_lines(block)


def test_headers_are_written_as_the_library_names_them():
    written = _frame("s", {Header.EXPECTED_LAST_SUBJECT_SEQUENCE: "7", "Title": "Grüße"}, b"{}", reply="r")
    head = "NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: 7\r\nTitle: Grüße\r\n\r\n".encode()
    assert written == b"HPUB s r %d %d\r\n%b{}\r\n" % (len(head), len(head) + 2, head)


def test_a_value_cannot_begin_another_header():
    assert one_line("a\r\nNats-Batch-Commit: 1") == "a Nats-Batch-Commit: 1"
    assert one_line("Grüße, 7") == "Grüße, 7"


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.EVENTS.memory.2.41.7.1790000000000000000.3",
        "$JS.ACK._.hash.EVENTS.memory.2.41.7.1790000000000000000.3.r",
    ],
)
def test_a_delivery_says_how_often_it_came_and_where_it_stands(reply: str):
    assert delivered(reply) == (2, 41)
