"""Only public addresses are reached, whatever they are dressed as."""

from __future__ import annotations

import pytest

from services.sandbox.reach import Reach, address_refusal

NEVER = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:101:101::",
    "2002:a00:1::",
    "2001:0:7f00:1::",
    "64:ff9b:1::1",
    "5f00::1",
    "nonsense",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", NEVER)
def test_an_address_that_is_not_public_is_refused(address: str):
    assert address in address_refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str):
    assert address_refusal(address) == ""


def test_on_allows_every_host_and_off_none():
    assert Reach(mode="on").refusal("example.org", 22) == ""
    assert "off" in Reach(mode="off").refusal("example.org", 443)


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("example.org", 443, True),
        ("EXAMPLE.org.", 80, True),
        ("example.org", 8080, False),
        ("evil-example.org", 443, False),
        ("example.org.evil.net", 443, False),
        ("a.b.example.net", 443, True),
        ("example.net", 443, True),
        ("evilexample.net", 443, False),
        ("git.example.com", 22, True),
        ("git.example.com", 443, False),
    ],
)
def test_an_allow_list_names_hosts_and_ports(host: str, port: int, allowed: bool):
    reach = Reach(mode="allow-list", hosts=("example.org", "*.example.net", "git.example.com:22"))
    assert (reach.refusal(host, port) == "") is allowed
