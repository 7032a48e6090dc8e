"""Domain names as CoreDNS reads them: labels in lower case, in the presentation form of RFC 1035 section 5.1."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

Labels = tuple[str, ...]

MAX_LABEL = 63  # octets, RFC 1035 section 2.3.4
MAX_NAME = 255  # octets on the wire, each label's length octet and the root's included

IPV4_TREE: Labels = ("in-addr", "arpa")
IPV6_TREE: Labels = ("ip6", "arpa")

_PLAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.ASCII | re.IGNORECASE)
_ESCAPED = frozenset(b". '@;()\"\\")  # what the presentation form writes with a backslash


class NotAName(ValueError):
    """The text is not a domain name; the message says why."""


def parse(text: str) -> Labels:
    """The labels of an absolute name (the trailing dot may be left out), in lower case; the root is ().

    Raises NotAName for empty or too long labels and names, broken escapes, and letters outside ASCII
    (which a client sends as xn-- labels).
    """
    if len(text) < MAX_NAME - 1 and _PLAIN.fullmatch(text):  # nearly all names: no escapes, and surely not too long
        return tuple(text.lower().removesuffix(".").split("."))
    if not text.isascii():
        raise NotAName(f"{text!r} is not ASCII: write it with xn-- labels")
    if text == ".":
        return ()
    labels = _labels(text)
    if sum(len(label) + 1 for label in labels) + 1 > MAX_NAME:
        raise NotAName(f"longer than {MAX_NAME} octets")
    return tuple(_presented(label).lower() for label in labels)


def text_of(labels: Labels) -> str:
    """The name with its trailing dot."""
    return ".".join(labels) + "."


def within(labels: Labels, zone: Labels) -> bool:
    """Whether the name is the zone or below it. Every name is below the root."""
    return not zone or labels[-len(zone) :] == zone


def reverse_of(labels: Labels) -> str:
    """The address that a reverse name stands for, in canonical form; "" for a name that is none.

    As CoreDNS reads them: below ip6.arpa nibbles are taken by four from the top, and what is left over is ignored.
    """
    if len(labels) > 2 and within(labels, IPV4_TREE):
        address = canonical(".".join(reversed(labels[:-2])))
        return address if "." in address else ""
    if len(labels) > 2 and within(labels, IPV6_TREE):
        nibbles = labels[-3::-1]
        groups = ["".join(nibbles[at : at + 4]) for at in range(0, len(nibbles) // 4 * 4, 4)]
        return canonical(":".join(groups))
    return ""


def reverse_name(address: str) -> str:
    """The PTR name of an address (RFC 1035 section 3.5, RFC 3596 section 2.5). Raises ValueError."""
    parsed = IPv6Address(address) if ":" in address else IPv4Address(address)
    return parsed.reverse_pointer + "."


def canonical(text: str) -> str:
    """An address as it is usually written; "" where the text is none. IPv4 in IPv6 is IPv4 (Go, net.ParseIP)."""
    try:
        if ":" not in text:
            return str(IPv4Address(text))
        if "%" in text:
            return ""
        address = IPv6Address(text)
    except AddressValueError:
        return ""
    return str(address.ipv4_mapped or address)


def _labels(text: str) -> list[bytes]:
    labels: list[bytes] = []
    label = bytearray()
    at = 0
    while at < len(text):
        if text[at] == ".":
            labels.append(_label(label, text))
            label = bytearray()
            at += 1
            continue
        octet, width = _octet(text, at)
        label.append(octet)
        at += width
    if label or not text.endswith(".") or not labels:
        labels.append(_label(label, text))
    return labels


def _label(octets: bytearray, text: str) -> bytes:
    if not octets:
        raise NotAName(f"{text!r} has an empty label")
    if len(octets) > MAX_LABEL:
        raise NotAName(f"{text!r} has a label of more than {MAX_LABEL} octets")
    return bytes(octets)


def _octet(text: str, at: int) -> tuple[int, int]:
    """One octet and how many characters wrote it: itself, an escaped one, or three digits."""
    if text[at] != "\\":
        return ord(text[at]), 1
    digits = text[at + 1 : at + 4]
    if len(digits) == 3 and digits.isdigit():
        if int(digits) > 255:
            raise NotAName(f"\\{digits} is no octet")
        return int(digits), 4
    if not digits or digits[0].isdigit():
        raise NotAName(f"{text!r} has a broken escape")
    return ord(digits[0]), 2


def _presented(label: bytes) -> str:
    return "".join(_character(octet) for octet in label)


def _character(octet: int) -> str:
    if octet in _ESCAPED:
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"
