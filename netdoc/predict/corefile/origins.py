"""Keys of server blocks and zones given to plugins (CoreDNS plugin/normalize.go, plugin/pkg/cidr)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from netdoc.predict.corefile.model import CorefileError, Origin
from netdoc.predict.dns import names

PORTS = {"dns": "53", "tls": "853", "quic": "853", "grpc": "443", "https": "443", "https3": "443", "unix": ""}

_SCHEME = re.compile(r"(dns|tls|quic|grpc|https3|https|unix)://", re.ASCII)
_PORT = re.compile(r":([+-]?\d+)$", re.ASCII)
_CIDR = re.compile(r"[0-9a-fA-F.:]+/\d{1,3}", re.ASCII)


def split_transport(text: str) -> tuple[str, str]:
    """Scheme and rest; dns where none is written."""
    match = _SCHEME.match(text)
    return (match[1], text[match.end() :]) if match else ("dns", text)


def origins_of(keys: Iterable[str]) -> tuple[Origin, ...]:
    """What the keys of a server block stand for. Raises CorefileError with CoreDNS's text."""
    found: list[Origin] = []
    for key in keys:
        transport, rest = split_transport(key)
        zones, port = split_port(rest)
        found += (Origin(zone, port or PORTS[transport], transport) for zone in zones)
    return tuple(found)


def zones_of(args: Iterable[str], otherwise: Iterable[str] = ()) -> tuple[str, ...]:
    """A plugin's zones: its arguments, or the server block's. What is no zone is passed over, as CoreDNS does."""
    given = tuple(args)
    if not given:
        return tuple(otherwise)
    found: list[str] = []
    for one in given:
        try:
            found += split_port(split_transport(one)[1])[0]
        except CorefileError:
            continue
    return tuple(found)


def split_port(text: str) -> tuple[tuple[str, ...], str]:
    """Zones and port ("" for none). A network is its reverse zones, several where it does not end on a label."""
    if text.endswith(":"):
        raise CorefileError(f'expecting data after last colon: "{text}"')
    match = _PORT.search(text)
    port = str(int(match[1])) if match else ""
    bare = text[: match.start()] if match else text
    network = _network(bare)
    if network is not None:
        return _reverse_zones(network), port
    try:
        labels = names.parse(bare or ".")
    except names.NotAName as wrong:
        raise CorefileError(f"zone is not a valid domain name: {bare}") from wrong
    return (names.text_of(labels),), port


def _network(text: str) -> IPv4Network | IPv6Network | None:
    if not _CIDR.fullmatch(text):
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    if text[0] == ":" or (text[0] == "0" and ":" in text):
        raise CorefileError(f"invalid CIDR {text}")
    return network


def _reverse_zones(network: IPv4Network | IPv6Network) -> tuple[str, ...]:
    bits = 8 if network.version == 4 else 4  # of one label
    boundary = -(-network.prefixlen // bits) * bits
    hosts = (network.max_prefixlen - boundary) // bits  # labels below the zone
    return tuple(
        ".".join(part.network_address.reverse_pointer.split(".")[hosts:]) + "."
        for part in network.subnets(new_prefix=boundary)
    )
