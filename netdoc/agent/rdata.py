# SPDX-License-Identifier: GPL-2.0-or-later
"""Names and record data out of DNS octets, in presentation form (RFC 1035, 5.1). Others' types as RFC 3597 has them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

MOST_RECORDS = 200  # records kept of a section
MOST_NAME = 255  # octets of a name, its root's included
# IANA, Domain Name System (DNS) Parameters: Resource Record (RR) TYPEs.
TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "AAAA": 28, "LOC": 29,
    "SRV": 33, "NAPTR": 35, "DNAME": 39, "DS": 43, "SSHFP": 44, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50,
    "NSEC3PARAM": 51, "TLSA": 52, "CDS": 59, "CDNSKEY": 60, "SVCB": 64, "HTTPS": 65, "SPF": 99, "ANY": 255, "CAA": 257,
}  # fmt: skip
_NAMES = {number: name for name, number in TYPES.items()}
_IN_NAMES = b'"().;\\@$'


class Malformed(ValueError):
    """The octets break the form of a DNS message."""


class Reader:
    """Goes through octets from `at` to `end`; raises Malformed where they end too early."""

    def __init__(self, octets: bytes, at: int, end: int | None = None) -> None:
        self._octets = octets
        self._at = at
        self._end = len(octets) if end is None else end

    def left(self) -> int:
        return self._end - self._at

    def take(self, count: int) -> bytes:
        if count > self.left():
            raise Malformed(f"{count} octets are wanted where {self.left()} are left")
        self._at += count
        return self._octets[self._at - count : self._at]

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def part(self, count: int) -> Reader:
        """A reader of the next octets alone; a name in it may point back to before it."""
        self.take(count)
        return Reader(self._octets, self._at - count, self._at)

    def string(self) -> bytes:
        """A character-string: its length, and so many octets."""
        return self.take(self.take(1)[0])

    def name(self) -> list[bytes]:
        """Its labels. Pointers lead backwards alone, each beyond the last, so that none makes a loop."""
        labels: list[bytes] = []
        behind, lowest, size = 0, self._at, 1
        while length := self.take(1)[0]:
            if length >= 0xC0:
                target = (length & 0x3F) << 8 | self.take(1)[0]
                if target >= lowest:
                    raise Malformed("a name points forwards or at itself")
                behind = behind or self._at
                self._at = lowest = target
            elif length > 63:
                raise Malformed(f"a label of type {length >> 6}")
            else:
                labels.append(self.take(length))
                size += length + 1
                if size > MOST_NAME:
                    raise Malformed(f"a name of more than {MOST_NAME} octets")
        self._at = behind or self._at
        return labels


def type_text(number: int) -> str:
    return _NAMES.get(number, f"TYPE{number}")


def number_of(type_: str) -> int:
    """Raises ValueError for what is no type."""
    upper = type_.upper()
    if upper in TYPES:
        return TYPES[upper]
    number = int(upper[4:]) if upper.startswith("TYPE") and upper[4:].isdecimal() else -1
    if not 0 <= number <= 65535:
        raise ValueError(type_)
    return number


def name_text(labels: list[bytes]) -> str:
    return "".join("".join(_letter(one) for one in label) + "." for label in labels) or "."


def _letter(octet: int) -> str:
    if octet in _IN_NAMES:
        return "\\" + chr(octet)
    return chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"


def _quoted(octets: bytes) -> str:
    return '"' + "".join(_character(one) for one in octets) + '"'


def _character(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


def data_text(data: Reader, kind: int, class_: int) -> str:
    """A record's data. Raises Malformed for data that is not of its type's form, or goes on behind it."""
    form = FORMS.get(kind) if class_ == 1 or kind not in IN_ALONE else None
    if form is None:
        octets = data.take(data.left())
        return f"\\# {len(octets)} {octets.hex()}".rstrip()
    text = form(data)
    if data.left():
        raise Malformed(f"{data.left()} octets behind the data of {type_text(kind)}")
    return text


def _address(family: int, size: int) -> Callable[[Reader], str]:
    return lambda data: socket.inet_ntop(family, data.take(size))


def _name(data: Reader) -> str:
    return name_text(data.name())


def _soa(data: Reader) -> str:
    return " ".join([_name(data), _name(data), *(str(one) for one in data.numbers("!5I"))])


def _numbers_and_name(form: str) -> Callable[[Reader], str]:
    def read(data: Reader) -> str:
        numbers = " ".join(str(one) for one in data.numbers(form))
        return f"{numbers} {_name(data)}"

    return read


def _strings(data: Reader) -> str:
    found = [_quoted(data.string())]
    while data.left():
        found.append(_quoted(data.string()))
    return " ".join(found)


FORMS: dict[int, Callable[[Reader], str]] = {
    1: _address(socket.AF_INET, 4), 28: _address(socket.AF_INET6, 16), 2: _name, 5: _name, 12: _name, 39: _name,
    6: _soa, 15: _numbers_and_name("!H"), 33: _numbers_and_name("!3H"), 16: _strings, 99: _strings,
}  # fmt: skip
IN_ALONE = (1, 28, 33)  # types whose form is known in the Internet's class alone
