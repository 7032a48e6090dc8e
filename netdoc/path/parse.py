"""Reads TARGET and SOURCE as typed. Nothing is looked up here: what a name means is for the resolver."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from netdoc.model.target import Port, Protocol, SourceSpec, Target
from netdoc.path.kinds import BY_ALIAS, SOURCE_KINDS, Named, nearest

_PROTOCOLS: dict[str, Protocol] = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP"}
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")  # IANA_SVC_NAME, RFC 6335
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.IGNORECASE)
_SCHEME_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "grpc": 80, "postgres": 5432, "postgresql": 5432,
                 "mysql": 3306, "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671, "mongodb": 27017,
                 "nats": 4222, "kafka": 9092, "ldap": 389, "ldaps": 636}  # fmt: skip


class TargetError(ValueError):
    """A TARGET or SOURCE that does not parse. `mend` says what would."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


def parse_target(text: str) -> Target:
    """A TARGET of the contract. Raises TargetError."""
    typed = text.strip()
    if not typed:
        raise TargetError("TARGET is empty", "name what can't be reached, for example svc/web.shop:80")
    if "://" in typed:
        return _url(typed)
    if "/" in typed and (reference := _reference(typed)) is not None:
        return reference
    return _host(typed)


def parse_source(text: str) -> SourceSpec:
    """A SOURCE of the contract. Raises TargetError."""
    typed = text.strip()
    if typed in ("internet", "here"):
        return SourceSpec(input=typed, kind=typed.capitalize())
    if _address(typed) is not None:
        return SourceSpec(input=typed, kind="IP", name=str(_address(typed)))
    named, namespace, name, rest = _split_reference(typed, "--from")
    if named.kind not in SOURCE_KINDS:
        raise TargetError(
            f"--from {typed}: a {named.kind} sends no packets",
            "use pod/.., deploy/.., ns/.., node/.., an IP, internet or here",
        )
    if rest:
        raise TargetError(f"--from {typed}: a source has no port", f"leave out :{rest}")
    return SourceSpec(input=typed, kind=named.kind, name=name, namespace=namespace, exact=bool(namespace))


def parse_port(text: str, typed: str) -> Port:
    """`80`, `http`, `53/udp`. Raises TargetError."""
    port, _, protocol = text.partition("/")
    if protocol and protocol.lower() not in _PROTOCOLS:
        raise TargetError(f'{typed}: there is no protocol "{protocol}"', "use /tcp, /udp or /sctp")
    chosen = _PROTOCOLS.get(protocol.lower())
    if port.isdecimal():
        if not 1 <= int(port) <= 65535:
            raise TargetError(f"{typed}: {port} is not a port", "ports go from 1 to 65535")
        return Port(number=int(port), protocol=chosen)
    if not _PORT_NAME.fullmatch(port):
        raise TargetError(f'{typed}: "{port}" is neither a port number nor a port name')
    return Port(name=port, protocol=chosen)


def _reference(typed: str) -> Target | None:
    """KIND/NAME[:PORT] or NAMESPACE/KIND/NAME[:PORT]; None for `host:port/udp`, which only looks like one."""
    head = typed.partition("/")[0]
    if ":" in head or _address(head) is not None:
        return None
    named, namespace, name, rest = _split_reference(typed, "TARGET")
    return Target(
        input=typed,
        kind=named.kind,
        name=name,
        namespace=namespace,
        exact=bool(namespace),
        port=parse_port(rest, typed) if rest else None,
    )


def _split_reference(typed: str, what: str) -> tuple[Named, str, str, str]:
    """(kind, namespace, name, port text) of a KIND/NAME or NAMESPACE/KIND/NAME."""
    body, _, port = typed.partition(":")
    parts = body.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise TargetError(f'{what} "{typed}" is not KIND/NAME or NAMESPACE/KIND/NAME', "for example svc/web.shop:80")
    namespace = parts[0] if len(parts) == 3 else ""
    alias, name = parts[-2].lower(), parts[-1]
    named = BY_ALIAS.get(alias)
    if named is None:
        near = nearest(alias, BY_ALIAS)
        raise TargetError(f'{what} "{typed}": there is no kind "{alias}"', f'did you mean "{near[0]}"?' if near else "")
    for label in filter(None, (namespace, name)):
        if not _NAME.fullmatch(label):
            raise TargetError(f'{what} "{typed}": "{label}" cannot be the name of an object', "names are lower case")
    return named, namespace, name, port


def _url(typed: str) -> Target:
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError as error:
        raise TargetError(f'TARGET "{typed}" is not a URL: {error}') from None
    if not parts.hostname:
        raise TargetError(f'TARGET "{typed}" has no host')
    number = port if port is not None else _SCHEME_PORTS.get(parts.scheme.lower())
    return Target(
        input=typed,
        kind="URL",
        host=_checked_host(parts.hostname, typed),
        port=Port(number=number) if number is not None else None,
        url=_without_password(typed),
    )


def _without_password(url: str) -> str:
    """The URL without user and password: neither is needed to find a path, and a report is passed on."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _host(typed: str) -> Target:
    host, port = _split_host(typed)
    if (address := _address(host)) is not None:
        return Target(input=typed, kind="IP", host=str(address), port=port)
    return Target(input=typed, kind="Host", host=_checked_host(host, typed), port=port)


def _split_host(typed: str) -> tuple[str, Port | None]:
    """`host`, `host:port`, `host:port/udp`, `[v6]:port`, a bare IPv6 address."""
    if typed.startswith("["):
        host, _, rest = typed[1:].partition("]")
        return host, parse_port(rest.removeprefix(":"), typed) if rest else None
    if _address(typed) is not None:
        return typed, None
    host, colon, rest = typed.partition(":")
    return host, parse_port(rest, typed) if colon else None


def _checked_host(host: str, typed: str) -> str:
    if _address(host) is None and (len(host) > 254 or not _HOST.fullmatch(host)):
        raise TargetError(
            f'TARGET "{typed}" is not a target',
            "use a URL, host[:port], IP[:port], KIND/NAME[:PORT], or paste an error line",
        )
    return host.lower()


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
