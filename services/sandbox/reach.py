"""Which hosts and addresses a box may reach: pure decisions, no connection is made here."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

import msgspec

Address = IPv4Address | IPv6Address
USUAL_PORTS = (80, 443)

# Ranges that ipaddress calls global or that differ between Python versions, but that are not the public internet.
_NEVER: tuple[IPv4Network | IPv6Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT; some clouds put their metadata service here
            "168.63.129.16/32",  # Azure's platform service has a public address
            "192.0.0.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "240.0.0.0/4",
            "64:ff9b:1::/48",
            "100::/64",
            "2001:db8::/32",
            "2002::/16",  # 6to4 ends in any IPv4 network
            "5f00::/16",
            "fec0::/10",
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the network of one box may be used for; addresses that are not public are never reached."""

    mode: Literal["off", "allow-list", "on"] = "on"
    hosts: tuple[str, ...] = ()
    """For allow-list: 'example.org', '*.example.org' (also the name itself), 'host:port'; else ports 80 and 443."""

    def refusal(self, host: str, port: int) -> str:
        """Why this host may not be asked for, in a few words; '' when it may."""
        if self.mode == "off":
            return "the network of this box is off"
        if self.mode == "on" or any(_matches(entry, host, port) for entry in self.hosts):
            return ""
        return f"{host}:{port} is not on this box's list of hosts"


def address_refusal(address: str) -> str:
    """Why this address may not be connected to, in a few words; '' when it is a public one."""
    try:
        outer = ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address} is not an address"
    if all(_is_public(each) for each in _meanings(outer)):
        return ""
    return f"{address} is not a public address"


def _meanings(address: Address) -> Iterator[Address]:
    yield address
    if isinstance(address, IPv6Address):
        # Such an address is delivered to the IPv4 address inside it.
        inner = [address.ipv4_mapped]
        if address in _NAT64:
            inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if int(address) >> 32 == 0:
            inner.append(IPv4Address(int(address)))
        yield from (each for each in inner if each is not None)


def _is_public(address: Address) -> bool:
    in_nat64 = isinstance(address, IPv6Address) and address in _NAT64
    return (
        (address.is_global or in_nat64)
        and not (address.is_multicast or address.is_loopback or address.is_link_local or address.is_unspecified)
        and not any(address in network for network in _NEVER if network.version == address.version)
    )


def _matches(entry: str, host: str, port: int) -> bool:
    name, _, wanted = entry.lower().partition(":")
    if wanted and wanted != str(port):
        return False
    if not wanted and port not in USUAL_PORTS:
        return False
    host = host.lower().rstrip(".")
    if name.startswith("*."):
        return host == name[2:] or host.endswith(name[1:])
    return host == name
