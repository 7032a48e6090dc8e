"""Judges connections to what lies outside the cluster, by its address or by each that its name is answered with. Pure.

From one place nobody can tell whether the other end or the way to it is dead: what is known is that nothing answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdoc.api import Finding, Hop, Reason, Unjudged
from netdoc_checks.connect.proof import connection, heard
from netdoc_checks.connect.seen import Caller, Row, Seen

REFUSALS = ("refused", "reset")


def judge_outside(caller: Caller, rows: Sequence[Row], seen: Seen) -> Iterable[Finding | Unjudged]:
    """`rows` are those whose tries tell something of the way."""
    for hop in seen.subject.path.of_kind("external"):
        here = [row for row in rows if row.hop.id == hop.id]
        if not here:
            yield _untried(caller, hop)
            continue
        dead = [row for row in here if row.dead]
        denied = [row for row in dead if row.allowed is False]
        if denied and not hop.addresses:
            yield _denied(caller, hop, denied, seen)
        if len(dead) > len(denied):
            yield _dead(caller, hop, [row for row in dead if row not in denied], here, seen)


def unreached(seen: Seen) -> Iterable[Unjudged]:
    """Nobody could try: what lies outside is not judged then."""
    reason: Reason = "no-source" if seen.asked else "needs-consent"
    for hop in seen.subject.path.of_kind("external"):
        yield Unjudged(what=f"whether {_named(hop)} answers", reason=reason, hop=hop.id)


def _untried(caller: Caller, hop: Hop) -> Unjudged:
    what, detail = f"whether {_named(hop)} answers {caller.who}", "no address of it could be tried"
    if hop.port is None:
        detail = "no port was named: ask for HOST:PORT"
    elif hop.protocol != "TCP":
        detail = f"{hop.protocol} has no connections to try"
    return Unjudged(what=what, reason="incomplete", detail=detail, hop=hop.id)


def _dead(caller: Caller, hop: Hop, dead: Sequence[Row], tried: Sequence[Row], seen: Seen) -> Finding:
    """Some of its addresses or all of them."""
    refusing = all(str(row.failed[0]["failure"]["kind"]) in REFUSALS for row in dead)
    how = "refuses" if refusing else "does not answer"
    some = f" at {len(dead)} of its {len(tried)} addresses" if len(dead) < len(tried) else ""
    return Finding(
        code="packet.refused" if refusing and not some else "external.unreachable",
        title=f"{_named(hop)} {how} {caller.who}{some}",
        detail=_detail(dead, tried),
        object=caller.owner,
        hops=(hop.id,),
        severity="error",
        evidence=tuple(
            connection(caller, row, heard(row), "a connection", seen) for row in (*dead[:4], *_alive(tried))
        ),
    )


def _denied(caller: Caller, hop: Hop, rows: Sequence[Row], seen: Seen) -> Finding:
    """Only the lookup showed the address: of the name alone no policy can be judged."""
    named = ", ".join(row.address for row in rows)
    return Finding(
        code="policy.egress-denied",
        title=f"the egress policies of {caller.who} do not allow {named} on {hop.port}/TCP, which is {_host(hop)}",
        detail="the name is answered with it, and no connection to it stands",
        object=caller.owner,
        hops=(caller.hop, hop.id),
        severity="error",
        evidence=tuple(connection(caller, row, heard(row), "an egress rule that admits it", seen) for row in rows),
    )


def _alive(tried: Sequence[Row]) -> Sequence[Row]:
    return [row for row in tried if not row.failed][:2]


def _detail(dead: Sequence[Row], tried: Sequence[Row]) -> str:
    """What the policies say, and what else answers."""
    told = ["the policies allow it"] if all(row.allowed for row in dead) else []
    own = dict.fromkeys(row.hop.object for row in dead if row.hop.object is not None)
    told += [f"its address is that of {ref.kind.lower()}/{ref.name}.{ref.namespace}" for ref in own]
    others = ", ".join(row.address for row in _alive(tried))
    told += [f"it answers at {others}"] if others else []
    return "; ".join(told)


def _named(hop: Hop) -> str:
    return hop.id.removeprefix("external/")


def _host(hop: Hop) -> str:
    return _named(hop).removesuffix(f":{hop.port}")
