# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS messages by dnspython, as plain data. Whatever a server sends is read or refused."""

from __future__ import annotations

from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from .parameters import BadParameters, NotAnAnswer
from .rdata import MOST_RECORDS


def question(name: str, type_: str, edns: int, recursion: bool = True, checking_disabled: bool = False) -> Any:
    """A query. `edns` is the payload size that is offered, 0 for none. Raises BadParameters."""
    try:
        if not name:
            raise BadParameters("a domain name must not be empty")
        asked = dns.name.from_text(name, dns.name.root)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise BadParameters(f"{name!r} is not a domain name: {error}") from None
    try:
        kind = dns.rdatatype.from_text(type_)
    except (dns.exception.DNSException, ValueError):
        raise BadParameters(f"{type_!r} is not a DNS type") from None
    query = dns.message.make_query(asked, kind, use_edns=0 if edns else -1, payload=edns or None)
    if not recursion:
        query.flags &= ~dns.flags.RD
    if checking_disabled:
        query.flags |= dns.flags.CD
    return query


def read(query: Any, octets: bytes) -> dict[str, Any]:
    """The answer as data. Raises NotAnAnswer for garbage, another id, another question, or no answer at all."""
    if len(octets) < 12:
        raise NotAnAnswer("garbage", f"{len(octets)} octets are no DNS message")
    if int.from_bytes(octets[:2], "big") != query.id:
        raise NotAnAnswer("wrong-id", "the answer carries another id than the question")
    message = _parsed(octets)
    if not message.flags & dns.flags.QR:
        raise NotAnAnswer("garbage", "the question came back in place of an answer")
    if message.question and message.question[0] != query.question[0]:
        raise NotAnAnswer("wrong-question", f"the answer is to {message.question[0].to_text()}")
    return _told(message, len(octets))


def _parsed(octets: bytes) -> Any:
    try:
        return dns.message.from_wire(octets, ignore_trailing=True, one_rr_per_rrset=True)
    except dns.exception.DNSException as error:
        if octets[2] & 0x02:  # TC: a cut message need not parse to its end
            return _head(octets, error)
        raise NotAnAnswer("garbage", f"{type(error).__name__}: {error}") from None
    except Exception as error:  # dnspython lets other exceptions through for some octets
        raise NotAnAnswer("garbage", f"{type(error).__name__}: {error}") from None


def _head(octets: bytes, error: Exception) -> Any:
    try:
        return dns.message.from_wire(octets, question_only=True)
    except Exception:
        raise NotAnAnswer("garbage", f"{type(error).__name__}: {error}") from None


def _told(message: Any, size: int) -> dict[str, Any]:
    return {
        "rcode": dns.rcode.to_text(message.rcode()),
        "flags": dns.flags.to_text(message.flags).split(),
        "truncated": bool(message.flags & dns.flags.TC),
        "answer": _records(message.answer),
        "authority": _records(message.authority),
        "additional": _records(message.additional),
        "edns": message.payload if message.edns >= 0 else 0,
        "ede": [_extended(one) for one in message.options if isinstance(one, dns.edns.EDEOption)],
        "size": size,
    }


def _records(section: list[Any]) -> list[dict[str, Any]]:
    """Each record by itself, in the order of the answer."""
    found: list[dict[str, Any]] = []
    for rrset in section:
        for rdata in rrset:
            found.append(
                {
                    "name": rrset.name.to_text(),
                    "type": dns.rdatatype.to_text(rrset.rdtype),
                    "ttl": rrset.ttl,
                    "data": rdata.to_text(),
                }
            )
            if len(found) >= MOST_RECORDS:
                return found
    return found


def _extended(option: Any) -> dict[str, Any]:
    """RFC 8914: the code and the server's own words."""
    return {"code": int(option.code), "text": option.text or ""}
