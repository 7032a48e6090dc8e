# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS messages read and written by the standard library alone (RFC 1035, 2782, 3597, 6891, 8914): for a container
whose Python holds no dnspython. What it tells is what `library` tells, record for record.

Reading is strict and total: whatever the octets are, it ends in an answer or in Malformed.
"""

from __future__ import annotations

import random
import struct
from typing import Any, NamedTuple

from .parameters import BadParameters, NotAnAnswer
from .rdata import MOST_RECORDS, Malformed, Reader, data_text, name_text, number_of, type_text

OPT, TSIG, EDE = 41, 250, 15
QR, TC, RD, CD = 0x8000, 0x0200, 0x0100, 0x0010
FLAGS = ((QR, "QR"), (0x0400, "AA"), (TC, "TC"), (RD, "RD"), (0x0080, "RA"), (0x0020, "AD"), (CD, "CD"))
# IANA, Domain Name System (DNS) Parameters: DNS RCODEs.
RCODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
    8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI", 16: "BADVERS", 17: "BADKEY", 18: "BADTIME",
    19: "BADMODE", 20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", 23: "BADCOOKIE",
}  # fmt: skip


class Query(NamedTuple):
    """A question as it goes out."""

    id: int
    question: tuple[list[bytes], int, int]
    octets: bytes

    def to_wire(self) -> bytes:
        return self.octets


class Edns(NamedTuple):
    """What the OPT record holds; a payload of 0 where there is none."""

    payload: int = 0
    rcode: int = 0
    ede: tuple[tuple[int, str], ...] = ()


def question(name: str, type_: str, edns: int, recursion: bool = True, checking_disabled: bool = False) -> Query:
    """A query. `edns` is the payload size that is offered, 0 for none. Raises BadParameters."""
    labels = _labels(name)
    try:
        kind = number_of(type_)
    except ValueError:
        raise BadParameters(f"{type_!r} is not a DNS type") from None
    id_ = random.SystemRandom().randrange(1 << 16)
    flags = (RD if recursion else 0) | (CD if checking_disabled else 0)
    asked = b"".join(bytes([len(one)]) + one for one in labels) + b"\0" + struct.pack("!HH", kind, 1)
    offered = b"\0" + struct.pack("!HHIH", OPT, edns, 0, 0) if edns else b""
    head = struct.pack("!6H", id_, flags, 1, 0, 0, 1 if edns else 0)
    return Query(id_, ([one.lower() for one in labels], kind, 1), head + asked + offered)


def _labels(name: str) -> list[bytes]:
    """The labels of a name in presentation form, escapes undone (RFC 1035, 5.1). Raises BadParameters."""
    if not name.isascii():
        raise BadParameters(f"{name!r}: a name beyond ASCII is asked for in its xn-- form (RFC 5890)")
    if name in (".", "@"):
        return []
    labels, at = [""], 0
    while at < len(name):
        size = _escape(name, at)
        if size:
            labels[-1] += chr(int(name[at + 1 : at + 4])) if size == 4 else name[at + 1]
        elif name[at] == ".":
            labels.append("")
        else:
            labels[-1] += name[at]
        at += size or 1
    return _checked(name, labels[:-1] if len(labels) > 1 and not labels[-1] else labels)


def _escape(name: str, at: int) -> int:
    """Characters that the escape here takes; 0 where none starts."""
    if name[at] != "\\":
        return 0
    code = name[at + 1 : at + 4]
    if len(code) == 3 and code.isascii() and code.isdecimal() and int(code) < 256:
        return 4
    if len(name) == at + 1 or code[0].isdecimal():
        raise BadParameters(f"{name!r} is not a domain name: an escape is not complete")
    return 2


def _checked(name: str, labels: list[str]) -> list[bytes]:
    octets = [one.encode("latin-1") for one in labels]  # what an escape stands for is an octet
    if not all(1 <= len(one) <= 63 for one in octets) or sum(len(one) + 1 for one in octets) > 254:
        raise BadParameters(f"{name!r} is not a domain name: a label is empty or longer than 63, or the name than 255")
    return octets


def read(query: Query, octets: bytes) -> dict[str, Any]:
    """The answer as data. Raises NotAnAnswer for garbage, another id, another question, or no answer at all."""
    if len(octets) < 12:
        raise NotAnAnswer("garbage", f"{len(octets)} octets are no DNS message")
    id_, flags, *counts = struct.unpack_from("!6H", octets)
    if id_ != query.id:
        raise NotAnAnswer("wrong-id", "the answer carries another id than the question")
    reader = Reader(octets, 12)
    try:
        asked = [_question(reader) for _ in range(counts[0])]
        sections, edns = _sections(reader, counts[1:], bool(flags & TC))
    except Malformed as wrong:
        raise NotAnAnswer("garbage", f"malformed: {wrong}") from None
    if not flags & QR:
        raise NotAnAnswer("garbage", "the question came back in place of an answer")
    if asked and asked[0][1:] != query.question:
        raise NotAnAnswer("wrong-question", f"the answer is to {asked[0][0]}")
    return _told(flags, sections, edns, len(octets))


def _question(reader: Reader) -> tuple[str, list[bytes], int, int]:
    labels = reader.name()
    kind, class_ = reader.numbers("!HH")
    shown = f"{name_text(labels)} {'IN' if class_ == 1 else f'CLASS{class_}'} {type_text(kind)}"
    return shown, [one.lower() for one in labels], kind, class_


Sections = list[list[dict[str, Any]]]


def _sections(reader: Reader, counts: list[int], cut: bool) -> tuple[Sections, Edns]:
    """The three sections; empty ones for a message that says it is cut, which need not parse to its end."""
    sections: Sections = [[], [], []]
    edns = Edns()
    try:
        for at, count in enumerate(counts):
            for _ in range(count):
                edns = _record(reader, sections[at], edns)
    except Malformed:
        if not cut:
            raise
        return [[], [], []], Edns()
    return sections, edns


def _record(reader: Reader, section: list[dict[str, Any]], edns: Edns) -> Edns:
    labels = reader.name()
    kind, class_, ttl, length = reader.numbers("!HHIH")
    data = reader.part(length)
    if kind == OPT:
        return Edns(class_, ttl >> 24, _extended(data))
    if kind != TSIG:
        text = data_text(data, kind, class_)  # read even where it is not kept: garbage is garbage
        if len(section) < MOST_RECORDS:
            section.append({"name": name_text(labels), "type": type_text(kind), "ttl": ttl, "data": text})
    return edns


def _extended(data: Reader) -> tuple[tuple[int, str], ...]:
    """The extended errors among the options, in the server's own words."""
    found = []
    while data.left():
        option, length = data.numbers("!HH")
        value = data.take(length)
        if option == EDE and length >= 2:
            found.append((int.from_bytes(value[:2], "big"), value[2:].rstrip(b"\0").decode("utf-8", "replace")))
    return tuple(found)


def _told(flags: int, sections: Sections, edns: Edns, size: int) -> dict[str, Any]:
    rcode = flags & 0xF | edns.rcode << 4
    return {
        "rcode": RCODES.get(rcode, str(rcode)),
        "flags": [text for bit, text in FLAGS if flags & bit],
        "truncated": bool(flags & TC),
        "answer": sections[0],
        "authority": sections[1],
        "additional": sections[2],
        "edns": edns.payload,
        "ede": [{"code": code, "text": text} for code, text in edns.ede],
        "size": size,
    }
