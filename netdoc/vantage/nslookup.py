"""nslookup, BIND's and busybox's: the question as its command line, and what it writes as the agent's result.

It tells no flags, no TTL, no size, no extended error and no time; busybox's does not even tell a cut answer from an
empty one. What is not told is left out of the result and named beside it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from netdoc.vantage.asked import Asked
from netdoc.vantage.dig import failure

UNTOLD = ("flags", "ttl", "authority", "additional", "edns", "ede", "size", "ms")
BUSYBOX = frozenset({"A", "AAAA", "CNAME", "NS", "SOA", "PTR", "SRV", "MX"})
_RCODE = re.compile(r"^\*\* server can't find .*: ([A-Z0-9]+)$")
_KEYS = {"canonical name": "CNAME", "service": "SRV", "text": "TXT", "name": "PTR", "nameserver": "NS",
         "mail exchanger": "MX"}  # fmt: skip
_NAMED = ("CNAME", "SRV", "PTR", "NS", "MX")  # data that ends in a domain name


def command(asked: Asked) -> str:
    """BIND's."""
    words = ["nslookup", f"-type={asked.type}", f"-port={asked.port}", f"-timeout={asked.seconds}"]
    words += [f"-retry={asked.tries}", "-vc" if asked.tcp else "", "" if asked.recursion else "-norecurse"]
    return " ".join(word for word in [*words, asked.name, asked.server] if word)


def busybox(asked: Asked) -> str:
    """It has no option for the time that it waits: three tries of five seconds at worst."""
    address = f"[{asked.server}]" if ":" in asked.server else asked.server
    place = f"{address}:{asked.port}" if asked.server and asked.port != 53 else asked.server
    return f"nslookup -type={asked.type.lower()} {asked.name} {place}".strip()


def beyond(asked: Asked, tool: str) -> str:
    """What of the question the tool cannot ask; "" where it can."""
    wanted = {"an EDNS size": asked.edns, "a source port": asked.source_port, "the flag CD": asked.checking_disabled}
    if tool == "busybox":
        wanted |= {"TCP": asked.tcp, "a question without recursion": not asked.recursion}
        wanted |= {f"the type {asked.type} as it is": asked.type not in BUSYBOX}  # of TXT it writes the first string
        wanted |= {"another port of resolv.conf's server": not asked.server and asked.port != 53}
    missing = " and ".join(what for what, value in wanted.items() if value)
    return f"{'busybox' if tool == 'busybox' else 'BIND'}'s nslookup cannot ask for {missing}" if missing else ""


def read(asked: Asked, lines: list[str], tool: str, code: int) -> dict[str, Any]:
    """One round. BIND's asks again over TCP for what comes cut; busybox's says nothing of an answer without records."""
    rcode = next((match.group(1) for match in map(_RCODE.match, lines) if match), "")
    start = next((at for at, line in enumerate(lines) if line.startswith(("Name:", "Non-authoritative"))), None)
    answer = _records(asked, lines[_head(lines) :])
    empty = tool == "busybox" and code == 0 and _head(lines) and not any(one.strip() for one in _said(lines))
    if not (rcode or answer or empty or start is not None or any("No answer" in one for one in lines)):
        return {"ok": False, "transport": "tcp" if asked.tcp else "udp", "failure": failure(_said(lines))}
    cut = any(one.startswith(";; Truncated, retrying") for one in lines)
    told: dict[str, Any] = {"ok": True, "transport": "tcp" if asked.tcp or cut else "udp", "rcode": rcode or "NOERROR"}
    told |= {"after_truncation": True} if cut else {}
    told |= {"truncated": False} if tool == "nslookup" else {}
    return {**told, "answer": answer, "from": _server(lines)}


def _head(lines: list[str]) -> int:
    """Behind the paragraph that names the server; 0 where none does."""
    server = next((at for at, line in enumerate(lines) if line.startswith("Server:")), None)
    if server is None:
        return 0
    return next((at for at in range(server, len(lines)) if not lines[at].strip()), len(lines))


def _said(lines: list[str]) -> list[str]:
    return [one for one in lines if not one.startswith(("Server:", "Address"))]


def _server(lines: list[str]) -> str:
    """Of `Address: 127.0.0.1#53`, of busybox's `127.0.0.1:53` and `[::1]:53`."""
    line = next((one for one in lines[: _head(lines)] if one.startswith("Address")), "")
    text = line.partition(":")[2].strip().partition("#")[0].partition(" ")[0]
    for one in (text, text.rpartition(":")[0].strip("[]")):
        if is_address(one):
            return one
    return ""


def _records(asked: Asked, lines: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    name, soa = "", []
    for line in lines:
        key, _, value = line.partition(":")
        if key == "Name":
            name = value.strip()
        elif key.startswith("Address") and value.split() and is_address(value.split()[0]):
            address = value.split()[0]
            found.append(_record(name, "AAAA" if ":" in address else "A", address))
        elif line.startswith("\t") and " = " in line:
            soa.append(line.partition(" = ")[2].strip())
        elif " = " in line:
            found += _named(asked, line)
        elif line.strip() and " " not in line:
            name = line.strip()
    return [*found, _record(name, "SOA", _start(soa))] if len(soa) == 7 else found


def _start(soa: list[str]) -> str:
    return " ".join([f"{soa[0].rstrip('.')}.", f"{soa[1].rstrip('.')}.", *soa[2:]])


def _named(asked: Asked, line: str) -> list[dict[str, Any]]:
    """`NAME<tab>KEY = DATA`. busybox calls name servers `name` too."""
    left, _, data = line.partition(" = ")
    owner, _, key = left.partition("\t")
    kind = "NS" if key == "name" and asked.type == "NS" else _KEYS.get(key.strip())
    if kind is None:
        return []
    return [_record(owner, kind, f"{data.rstrip().rstrip('.')}." if kind in _NAMED else data.strip())]


def _record(name: str, type_: str, data: str) -> dict[str, Any]:
    return {"name": f"{name.rstrip('.')}.", "type": type_, "data": data}


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
