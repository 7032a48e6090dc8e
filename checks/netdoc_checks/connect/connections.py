"""Judges connections: endpoint by endpoint, against each other and against what the policies say. Pure.

A refusal by the endpoint itself means that nobody listens; by ICMP from somebody else, that it was rejected on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from netdoc.api import Finding, ObjectRef, Unjudged
from netdoc_checks.connect.outside import judge_outside
from netdoc_checks.connect.proof import connection, heard
from netdoc_checks.connect.seen import Caller, Row, Seen

TOLD = ("timeout", "refused", "rejected", "unreachable", "reset")
"""Kinds of failure that say something of the path; others are the measuring tool's own."""
CODES = {"timeout": "packet.dropped", "rejected": "packet.rejected", "unreachable": "packet.unreachable"}


def judge_connections(caller: Caller, seen: Seen) -> Iterable[Finding | Unjudged]:
    rows = [row for row in caller.rows if row.tries and all(one["ok"] or _kind(one) in TOLD for one in row.tries)]
    for row in caller.rows:
        if row not in rows:
            what = f"a connection from {caller.pod.name} to {row.address}:{row.port}"
            detail = str(row.failed[0]["failure"].get("detail", "")) if row.failed else "nothing was measured"
            yield Unjudged(what=what, reason="not-supported", detail=detail, hop=row.hop.id)
    yield from _contradicted(caller, [row for row in rows if row.hop.kind != "service"], seen)
    beyond = [row for row in rows if row.hop.kind == "external"]
    yield from judge_outside(caller, beyond, seen)
    yield from _lossy(caller, [row for row in beyond if row.flaky and row.allowed is not False], seen)
    ends = [row for row in rows if row.hop.kind not in ("service", "external")]
    failing = [row for row in ends if row.failed and row.allowed is not False]
    alive = [row for row in ends if not row.failed]
    yield from _dead(caller, [row for row in failing if row.dead], alive, seen)
    yield from _lossy(caller, [row for row in failing if row.flaky], seen)
    if ends and len(alive) == len(ends):
        entries = [row for row in rows if row.hop.kind == "service" and row.failed]
        yield from _entries(caller, entries, ends, seen)


def _kind(one: dict[str, Any]) -> str:
    return str(one["failure"]["kind"])


def _contradicted(caller: Caller, rows: Sequence[Row], seen: Seen) -> Iterable[Finding]:
    """Connections that the policies deny and that came through."""
    through = [row for row in rows if row.allowed is False and any(one["ok"] for one in row.tries)]
    if through:
        first = through[0]
        yield Finding(
            code="packet.policy-contradicted",
            title=f"policies deny {_who(caller)} {first.address}:{first.port}, and the connection stands",
            detail="the network plugin enforces them otherwise, or not at all, or not yet",
            object=first.owner or caller.owner,
            hops=tuple(dict.fromkeys([*(row.hop.id for row in through), caller.hop])),
            evidence=tuple(connection(caller, row, "connected", "denied by policy", seen) for row in through[:4]),
        )


def _dead(caller: Caller, dead: Sequence[Row], alive: Sequence[Row], seen: Seen) -> Iterable[Finding]:
    """Endpoints that never answer. Beside ones that do, an endpoint is dead; without, the way is."""
    refusing = [row for row in dead if _kind(row.failed[0]) in ("refused", "reset")]
    silent = [row for row in dead if row not in refusing]
    if refusing:
        yield _closed(caller, refusing, seen)
    if not silent:
        return
    if alive:
        yield _endpoint_dead(caller, silent, alive, seen)
        return
    for code in dict.fromkeys(CODES[_kind(row.failed[0])] for row in silent):
        yield _cut(caller, code, [row for row in silent if CODES[_kind(row.failed[0])] == code], seen)


def _closed(caller: Caller, rows: Sequence[Row], seen: Seen) -> Finding:
    first = rows[0]
    return Finding(
        code="pod.port-closed",
        title=f"nobody listens on {first.address}:{first.port}: the pod itself refuses the connection",
        object=first.owner or caller.owner,
        hops=_hops(rows),
        severity="error",
        evidence=tuple(connection(caller, row, heard(row), "a connection", seen) for row in rows[:4]),
    )


def _endpoint_dead(caller: Caller, rows: Sequence[Row], alive: Sequence[Row], seen: Seen) -> Finding:
    first = rows[0]
    service = _service(first, seen)
    total = len(rows) + len(alive)
    return Finding(
        code="service.endpoint-dead",
        title=f"{len(rows)} of {total} endpoints do not answer {_who(caller)}: {_named(rows)}",
        detail=f"the others do, from the same pod: {_named(alive)}",
        object=service or first.owner or caller.owner,
        hops=_hops(rows),
        severity="error",
        evidence=tuple(connection(caller, row, heard(row), "a connection", seen) for row in (*rows[:4], *alive[:2])),
    )


def _cut(caller: Caller, code: str, rows: Sequence[Row], seen: Seen) -> Finding:
    first = rows[0]
    told = first.failed[0]["failure"]
    offender = told.get("offender", "")
    how = {
        "packet.dropped": "packets vanish",
        "packet.rejected": f"{offender or 'something'} rejects it",
        "packet.unreachable": f"there is no way{f', {offender} says' if offender else ''}",
    }[code]
    beyond = ", and the policies allow it" if first.allowed else ""
    return Finding(
        code=code,
        title=f"{_who(caller)} gets no connection to {first.address}:{first.port}: {how}{beyond}",
        object=_service(first, seen) or first.owner or caller.owner,
        hops=_hops(rows),
        severity="error",
        evidence=tuple(connection(caller, row, heard(row), "a connection", seen) for row in rows[:4]),
    )


def _lossy(caller: Caller, rows: Sequence[Row], seen: Seen) -> Iterable[Finding]:
    """Places that answer now and then."""
    if rows:
        first = rows[0]
        yield Finding(
            code="packet.loss",
            title=f"{len(first.failed)} of {len(first.tries)} connections to {first.address}:{first.port} fail",
            object=_service(first, seen) or first.owner or caller.owner,
            hops=_hops(rows),
            severity="error",
            evidence=tuple(connection(caller, row, heard(row), "every connection", seen) for row in rows[:4]),
        )


def _entries(caller: Caller, rows: Sequence[Row], ends: Sequence[Row], seen: Seen) -> Iterable[Finding]:
    """Every endpoint answers, and the Service's own address does not, or not always."""
    own = [row for row in ends if row.hop.object == caller.pod.ref]
    for row in rows:
        if own and (len(own) == len(ends) or row.flaky):
            yield _hairpin(caller, row, proven=len(own) == len(ends), seen=seen)
        elif row.dead:
            yield _entry(caller, row, seen)
        else:
            yield from _lossy(caller, [row], seen)


def _entry(caller: Caller, row: Row, seen: Seen) -> Finding:
    return Finding(
        code=CODES.get(_kind(row.failed[0]), "packet.rejected"),
        title=f"the Service's address {row.address}:{row.port} does not answer, and each of its endpoints does",
        detail="what turns the Service's address into an endpoint's does not, on the node of the caller",
        object=row.hop.object or caller.owner,
        hops=(row.hop.id,),
        severity="error",
        evidence=(connection(caller, row, heard(row), "a connection", seen),),
    )


def _hairpin(caller: Caller, row: Row, proven: bool, seen: Seen) -> Finding:
    """The caller is an endpoint of its own Service. Where others are too, its share of connections is a hint only."""
    often = "" if row.dead else f" in {len(row.failed)} of {len(row.tries)} tries"
    return Finding(
        code="packet.hairpin",
        title=f"{_who(caller)} does not reach itself through its own Service at {row.address}:{row.port}{often}",
        detail="it answers at its own address: what leaves a pod for a Service and comes back to the same pod is lost"
        " (hairpin mode of the bridge or interface, or a policy that meets the node's address as the source)",
        object=row.hop.object or caller.owner,
        hops=(row.hop.id,),
        severity="error",
        proven=proven,
        evidence=(connection(caller, row, heard(row), "a connection", seen),),
    )


def _service(row: Row, seen: Seen) -> ObjectRef | None:
    """The Service in front of an endpoint."""
    fronts = (hop for hop in seen.subject.path.of_kind("service") if row.hop.id in hop.next)
    return next((hop.object for hop in fronts), None)


def _hops(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.hop.id for row in rows))


def _who(caller: Caller) -> str:
    return f"{caller.owner.kind.lower()}/{caller.owner.name}"


def _named(rows: Sequence[Row]) -> str:
    names = [row.hop.object.name if row.hop.object is not None else row.address for row in rows]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
