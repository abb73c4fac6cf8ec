"""What the proxy understands, and what it makes of it."""

from __future__ import annotations

import pytest

from services.sandbox.network import BadRequestError, Request


def test_a_tunnel_names_host_and_port():
    request = Request(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443")
    assert (request.tunnel, request.host, request.port) == (True, "example.org", 443)


def test_a_tunnel_to_an_ipv6_address_is_understood():
    assert Request(b"CONNECT [::1]:443 HTTP/1.1").host == "::1"


def test_a_plain_request_is_passed_on_for_one_answer_and_without_what_was_for_the_proxy():
    head = (
        b"GET http://example.org:8080/a?b=c HTTP/1.1\r\nHost: example.org:8080\r\n"
        b"Proxy-Authorization: secret\r\nConnection: keep-alive\r\nX: y"
    )
    request = Request(head)
    assert (request.host, request.port) == ("example.org", 8080)
    assert request.forwarded() == (
        b"GET /a?b=c HTTP/1.1\r\nHost: example.org:8080\r\nX: y\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET / HTTP/1.1",
        b"GET https://example.org/ HTTP/1.1",
        b"GET file:///etc/passwd HTTP/1.1",
        b"GET ftp://example.org/ HTTP/1.1",
        b"CONNECT example.org HTTP/1.1",
        b"CONNECT example.org:99999 HTTP/1.1",
        b"CONNECT :443 HTTP/1.1",
        b"CONNECT [::1 HTTP/1.1",
        b"\xff\xfe\x00",
        b"GET http://example.org/ HTTP/1.1 more",
    ],
)
def test_anything_else_is_refused(head: bytes):
    with pytest.raises(BadRequestError):
        Request(head)
