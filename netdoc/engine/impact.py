"""How much of the traffic asked about suffers: all of it, or how many of how many endpoints. Pure."""

from __future__ import annotations

from netdoc.diagnosis import Diagnosis
from netdoc.model.path import Path
from netdoc.model.report import Impact, ReportHop


def impact(path: Path, hops: tuple[ReportHop, ...], diagnosis: Diagnosis) -> Impact | None:
    """None where nothing suffers."""
    if not diagnosis.roots:
        return None
    serving = _serving(path)
    hurt = {hop.id for hop in hops if hop.status in ("fail", "warn")}
    failed = sum(1 for chain in serving if hurt & chain)
    before = {hop.id for hop in path.hops} - {id_ for chain in serving for id_ in chain}
    blocked = any(one.severity == "error" and set(one.hops) & before for one in diagnosis.findings if one.hops)
    if not serving:
        return Impact(scope="all")
    if failed == len(serving) or (blocked and not failed):
        return Impact(scope="all", failed=len(serving), of=len(serving))
    return Impact(scope="part", failed=failed, of=len(serving)) if failed else None


def _serving(path: Path) -> tuple[frozenset[str], ...]:
    """Each way in to a pod or outside endpoint: the endpoint's hop with what lies behind it."""
    ends = [hop for hop in path.hops if hop.kind == "endpoint"]
    behind = {id_ for hop in ends for id_ in path.downstream(hop.id)}
    ends += [hop for hop in path.hops if hop.kind == "pod" and hop.id not in behind]
    return tuple(frozenset({hop.id}) | path.downstream(hop.id) for hop in ends)
