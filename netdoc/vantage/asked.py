"""A DNS question as a command line can hold it: each part checked, so that nothing in it becomes a command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import msgspec

TYPES = frozenset("A AAAA CNAME NS SOA PTR SRV MX TXT CAA DS DNSKEY HTTPS SVCB NAPTR TLSA ANY".split())  # noqa: SIM905
"""What is asked by a tool: dig and nslookup take a type that they do not know for none, and ask for A."""
_NAME = re.compile(r"[A-Za-z0-9_.*-]{1,254}")
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`name` ends in a dot; without a server the container's resolv.conf names it. Seconds are whole, as tools take."""

    name: str
    type: str
    server: str = ""
    port: int = 53
    tcp: bool = False
    edns: int = 0
    seconds: int = 2
    tries: int = 1
    recursion: bool = True
    checking_disabled: bool = False
    source_port: int = 0


def asked(given: Mapping[str, Any]) -> Asked:
    """What the agent's measurement `dns` is asked for. Raises ValueError for what no tool can be asked."""
    name, type_ = given.get("name"), str(given.get("type", "A")).upper()
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.startswith("-") or ".." in name:
        raise ValueError(f"{name!r} is not a host name")
    if type_ not in TYPES:
        raise ValueError(f"a container's tools are not asked for the type {type_!r}")
    return Asked(
        name=name.rstrip(".") + ".",
        type=type_,
        server=address(str(given["server"])) if "server" in given else "",
        port=int(given.get("port", 53)),
        tcp=given.get("transport", "udp") == "tcp",
        edns=int(given.get("edns", 0)),
        seconds=max(1, round(float(given.get("timeout", 2.0)))),
        tries=int(given.get("retries", 0)) + 1,
        recursion=bool(given.get("recursion", True)),
        checking_disabled=bool(given.get("checking_disabled", False)),
        source_port=int(given.get("source_port", 0)),
    )


def address(text: str) -> str:
    """An IP address in its usual form. Raises ValueError; a zone (RFC 4007) may be any text, and not here."""
    zone = text.partition("%")[2]
    if zone and not _HOST.fullmatch(zone):
        raise ValueError(f"{text!r} is not an address")
    return str(ip_address(text))


def host(name: str) -> str:
    """A name for the container's libc. Raises ValueError."""
    if not _HOST.fullmatch(name) or name.startswith("-"):
        raise ValueError(f"{name!r} is not a host name")
    return name
