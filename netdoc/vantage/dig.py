"""dig, of BIND 9.11 and later: the question as its command line, and what it writes as the agent's result."""

from __future__ import annotations

import re
from typing import Any

from netdoc.vantage.asked import Asked

_STATUS = re.compile(r"^;; ->>HEADER<<- opcode: \w+, status: (\w+), id: \d+")
_FLAGS = re.compile(r"^;; flags:([a-z ]*);")
_EDNS = re.compile(r"^; EDNS: version: \d+, flags:[^;]*; (?:MBZ: [^;,]*[;,] )?udp: (\d+)")
_EDE = re.compile(r"^; EDE: (\d+)(?: \([^()]*\))?(?:: \((.*)\))?")
_TIME = re.compile(r"^;; Query time: (\d+) msec")
_SERVER = re.compile(r"^;; SERVER: ([^#\s]+)#")
_SIZE = re.compile(r"^;; MSG SIZE +rcvd: (\d+)")
_SECTION = re.compile(r"^;; (ANSWER|AUTHORITY|ADDITIONAL) SECTION:")
_LOST = re.compile(r"^;; (communications error|Connection) to ")
_CODES = {"RESERVED11": "DSOTYPENI", "BADSIG": "BADVERS"}

FAILURES = (
    ("connection refused", "refused"),
    ("connection reset", "reset"),
    ("end of file", "closed"),
    ("bad packet", "garbage"),
    ("malformed", "garbage"),
    ("short (< header size)", "garbage"),
    ("id mismatch", "wrong-id"),
    ("question section mismatch", "wrong-question"),
    ("host unreachable", "unreachable"),
    ("network unreachable", "unreachable"),
    ("permission denied", "not-permitted"),
    ("timed out", "timeout"),
    ("no servers could be reached", "timeout"),
)
"""How BIND's tools say that no answer came: the first that occurs is the kind."""


def command(asked: Asked) -> str:
    """+ignore: a cut answer is shown as it is, not asked for again over TCP."""
    words = ["dig", f"@{asked.server}" if asked.server else "", f"-p {asked.port}"]
    words.append(f"-b {'::' if ':' in asked.server else '0.0.0.0'}#{asked.source_port}" if asked.source_port else "")
    words += ["+noall", "+comments", "+answer", "+authority", "+additional", "+stats", "+ignore"]
    words += [f"+time={asked.seconds}", f"+tries={asked.tries}", "+tcp" if asked.tcp else "+notcp"]
    words += [f"+bufsize={asked.edns}", "+nocookie"] if asked.edns else ["+noedns"]
    words += ["" if asked.recursion else "+norecurse", "+cdflag" if asked.checking_disabled else ""]
    return " ".join(word for word in [*words, f"-t {asked.type}", f"-q {asked.name}"] if word)


def read(asked: Asked, lines: list[str]) -> dict[str, Any]:
    """One round. What dig does not tell is left out: the time of a failure, and who sent an ICMP error."""
    transport = "tcp" if asked.tcp else "udp"
    status = _first(_STATUS, lines)
    if not status:
        return {"ok": False, "transport": transport, "failure": failure(lines)}
    flags = _first(_FLAGS, lines).upper().split()
    told: dict[str, Any] = {"ok": True, "transport": transport, "rcode": _CODES.get(status, status), "flags": flags}
    told |= {"truncated": "TC" in flags, "edns": int(_first(_EDNS, lines) or 0), "ede": _extended(lines)}
    told |= {section: _records(section, lines) for section in ("answer", "authority", "additional")}
    told |= {name: int(text) for name, text in (("ms", _first(_TIME, lines)), ("size", _first(_SIZE, lines))) if text}
    lost = [failure([one]) for one in lines if _LOST.match(one)]
    told |= {"from": _first(_SERVER, lines), "strays": sum(1 for one in lines if "mismatch" in one)}
    return {**told, **({"lost": lost} if lost else {})}


def failure(lines: list[str]) -> dict[str, Any]:
    """The kind of failure, and the tool's own words for it."""
    said = [one.lstrip("; ").strip() for one in lines if one.strip()]
    text = " ".join(said).lower()
    kind = next((kind for sign, kind in FAILURES if sign in text), "error")
    return {"kind": kind, "detail": (said[0] if said else "it wrote nothing")[:200]}


def _first(pattern: re.Pattern[str], lines: list[str]) -> str:
    found = next((match for match in map(pattern.match, lines) if match), None)
    return found.group(1) if found else ""


def _extended(lines: list[str]) -> list[dict[str, Any]]:
    """RFC 8914; shown since 9.16."""
    found = (match for match in map(_EDE.match, lines) if match)
    return [{"code": int(one.group(1)), "text": one.group(2) or ""} for one in found]


def _records(section: str, lines: list[str]) -> list[dict[str, Any]]:
    """The section's records: NAME TTL CLASS TYPE DATA."""
    found: list[dict[str, Any]] = []
    inside = False
    for line in lines:
        head = _SECTION.match(line)
        if head or not line.strip() or line.startswith(";"):
            inside = bool(head) and head is not None and head.group(1).lower() == section
            continue
        fields = line.split(None, 4)
        if inside and len(fields) == 5 and fields[1].isdecimal():
            found.append({"name": fields[0], "type": fields[3], "ttl": int(fields[1]), "data": fields[4]})
    return found
