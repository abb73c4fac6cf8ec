"""The reader of streamed HTTP answers, byte by byte."""

from __future__ import annotations

import pytest

from services.llm.models.chunked import LineDecoder, Malformed

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'9\r\n{"a": 1}\n\r\nd;note=x\r\n{"b": 2}\n{"c"\r\n5\r\n: 3}\n\r\n0\r\n\r\n'
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_come_whole_however_the_network_cuts_them(size: int) -> None:
    decoder = LineDecoder()
    lines = [line for at in range(0, len(CHUNKED), size) for line in decoder.feed(CHUNKED[at : at + size])]
    assert lines == [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']
    assert decoder.complete
    assert decoder.status == 200


def test_a_body_of_known_length_is_complete_when_all_of_it_came() -> None:
    decoder = LineDecoder()
    assert decoder.feed(b'HTTP/1.1 404 Not Found\r\nContent-Length: 15\r\n\r\n{"error"') == []
    assert decoder.feed(b': "no"') == []
    assert (decoder.complete, decoder.feed(b"}"), decoder.complete) == (False, [], True)
    assert decoder.close() == b'{"error": "no"}'


def test_a_body_without_length_is_complete_when_the_connection_ends() -> None:
    decoder = LineDecoder()
    assert decoder.feed(b"HTTP/1.0 200 OK\r\n\r\none\ntwo") == [b"one"]
    assert (decoder.complete, decoder.close(), decoder.complete) == (False, b"two", True)


def test_a_chunked_body_that_breaks_off_is_not_complete() -> None:
    decoder = LineDecoder()
    decoder.feed(CHUNKED[:-20])
    decoder.close()
    assert not decoder.complete


@pytest.mark.parametrize(
    "received",
    [b"SSH-2.0-OpenSSH_9.9\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"x" * 70_000],
)
def test_what_is_not_http_is_said_to_be_so(received: bytes) -> None:
    with pytest.raises(Malformed):
        LineDecoder().feed(received)


@pytest.mark.parametrize(
    ("received", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\na\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\na\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na\nHTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\n\r\nHTTP/1.1 200", False),
    ],
    ids=["chunked", "length", "closes", "old", "more behind a length", "more behind the last chunk"],
)
def test_a_connection_is_kept_only_behind_an_answer_with_nothing_after_it(received: bytes, kept: bool) -> None:
    decoder = LineDecoder()
    assert decoder.feed(received) == [b"a"]
    assert decoder.complete
    assert decoder.keeps_open is kept


def test_an_answer_is_not_complete_before_its_last_two_bytes() -> None:
    decoder = LineDecoder()
    decoder.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\n")
    assert not decoder.complete
    decoder.feed(b"\r\n")
    assert decoder.complete
