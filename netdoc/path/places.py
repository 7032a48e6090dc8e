"""Reads what is named by address: URLs, hosts and IP addresses with their ports. Nothing is looked up here."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from netdoc.model.target import Port, Protocol, Target

_PROTOCOLS: dict[str, Protocol] = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP"}
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")  # IANA_SVC_NAME, RFC 6335
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")  # RFC 1035, and the underscores of SRV names
_MOST_HOST = 253  # characters of a name without its trailing dot
_SHOWN = 120  # characters of what was typed that an error message repeats
_SCHEME_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "grpc": 80, "postgres": 5432, "postgresql": 5432,
                 "mysql": 3306, "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671, "mongodb": 27017,
                 "nats": 4222, "kafka": 9092, "ldap": 389, "ldaps": 636}  # fmt: skip
_FORMS = "use a URL, host[:port], IP[:port], KIND/NAME[:PORT], or paste an error line"

# All that can come before a host in a URL: a user, and a password that nobody should read in a report.
_USERINFO = re.compile(r"(?<=://)[^\s/?#@]*(?:@[^\s/?#@]*)*@")


class TargetError(ValueError):
    """A TARGET or SOURCE that does not parse. `mend` says what would."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


def shown(typed: str) -> str:
    """What was typed as an error message may repeat it: one short line, and nothing that stands before an `@`."""
    line = "".join(one if one.isprintable() else "?" for one in typed)
    head, at, tail = line.rpartition("@")
    scheme, mark, _ = head.partition("://")
    line = (scheme + mark if mark else "") + "…@" + tail if at else line
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def without_userinfo(text: str) -> str:
    """The text with user and password taken out of its URLs: neither is needed to find a path."""
    return _USERINFO.sub("", text)


def address_of(text: str) -> str:
    """An IP address in its one canonical spelling (RFC 5952; IPv4-mapped ones as IPv4); "" for what is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def parse_port(text: str, typed: str) -> Port:
    """`80`, `http`, `53/udp`. Raises TargetError."""
    port, slash, protocol = text.partition("/")
    if slash and protocol.lower() not in _PROTOCOLS:
        raise TargetError(f'{shown(typed)}: there is no protocol "{shown(protocol)}"', "use /tcp, /udp or /sctp")
    chosen = _PROTOCOLS.get(protocol.lower())
    if port.isascii() and port.isdecimal():
        return Port(number=_number(port, typed), protocol=chosen)
    if not _PORT_NAME.fullmatch(port):
        raise TargetError(f'{shown(typed)}: "{shown(port)}" is neither a port number nor a port name')
    return Port(name=port, protocol=chosen)


def _number(port: str, typed: str) -> int:
    if len(port) > 5 or not 1 <= int(port) <= 65535:
        raise TargetError(f"{shown(typed)}: {shown(port)} is not a port", "ports go from 1 to 65535")
    return int(port)


def parse_url(typed: str) -> Target:
    """A URL, its userinfo dropped. Raises TargetError."""
    bare = without_userinfo(typed)
    try:
        parts = urlsplit(bare)
        port = parts.port
    except ValueError:
        raise TargetError(
            f'TARGET "{shown(typed)}" is not a URL', "for example https://shop.example.com/cart"
        ) from None
    if not parts.scheme or not parts.hostname:
        raise TargetError(f'TARGET "{shown(typed)}" has no host', "for example https://shop.example.com/cart")
    if port is not None:
        _number(str(port), typed)
    number = port if port is not None else _SCHEME_PORTS.get(parts.scheme.lower())
    return Target(
        input=bare,
        kind="URL",
        host=host_of(parts.hostname, typed),
        port=Port(number=number) if number is not None else None,
        url=bare,
    )


def parse_host(typed: str) -> Target:
    """`host`, `host:port`, `host:port/udp`, `IP`, `IP:port`, `[v6]:port`, a bare IPv6 address. Raises TargetError."""
    host, port = _split(typed)
    if address := address_of(host):
        return Target(input=typed, kind="IP", host=address, port=port)
    return Target(input=typed, kind="Host", host=host_of(host, typed), port=port)


def _split(typed: str) -> tuple[str, Port | None]:
    if typed.startswith("["):
        host, _, rest = typed[1:].partition("]")
        if not address_of(host) or (rest and not rest.startswith(":")):
            raise TargetError(f'TARGET "{shown(typed)}" is not an IPv6 address', "for example [fd00:10:43::7]:80")
        return host, parse_port(rest[1:], typed) if rest else None
    if address_of(typed):
        return typed, None
    host, colon, rest = typed.partition(":")
    return host, parse_port(rest, typed) if colon else None


def host_of(host: str, typed: str) -> str:
    """A host name in lower case, its other scripts as xn-- labels, or a canonical address. Raises TargetError."""
    if address := address_of(host):
        return address
    name = _ascii(host).lower()
    labels = name.removesuffix(".").removeprefix("*.").split(".")
    if len(name.removesuffix(".")) > _MOST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise TargetError(f'TARGET "{shown(typed)}" is not a target', _FORMS)
    if labels[-1].isdecimal():  # only an address ends in a number (RFC 1123 section 2.1)
        raise TargetError(f'TARGET "{shown(typed)}": "{shown(host)}" is not an IP address')
    return name


def _ascii(host: str) -> str:
    if host.isascii() or len(host) > _MOST_HOST:
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
