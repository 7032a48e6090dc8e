"""Verdicts that cannot be known: policies of other kinds, two of one priority, what could not be read. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Finding, Judgement, ObjectRef, Unjudged, policy
from netdoc_checks.policy.denial import gates
from netdoc_checks.policy.seen import Called, Caller, Seen
from netdoc_checks.proof import field_of


def unknown(verdict: policy.FamilyVerdict, caller: Caller, called: Called, seen: Seen) -> Iterable[Judgement]:
    sides = [side for side in (verdict.egress, verdict.ingress) if side.allowed is None]
    foreign = {one.ref for one in seen.policies.inputs.foreign}
    for side in sides:
        hop = caller.hop if side.direction == "egress" else called.hop
        hops = (*gates(side.direction, hop, seen), hop)
        for ref in side.also:
            yield _unsupported(ref, hops, seen) if ref in foreign else _ambiguous(ref, side, hops, seen)
    yield Unjudged(
        what=f"whether policies let {seen.name_of(caller)} reach {seen.asked(called)}",
        reason="not-supported" if any(side.also for side in sides) else "incomplete",
        detail="; ".join(side.reason for side in sides),
        hop=called.hop if called.purpose == "target" else caller.hop,
        blocking=True,
    )


def _unsupported(ref: ObjectRef, hops: tuple[str, ...], seen: Seen) -> Finding:
    return Finding(
        code="policy.unsupported-present",
        title=f"{ref.kind} {ref.name} may decide this, and netdoc does not evaluate its kind",
        detail="what NetworkPolicies alone would say is not final where the network plugin's own policies select a pod",
        object=ref,
        hops=hops,
        proven=False,
        evidence=(field_of(ref, seen.subject, "spec", "it selects the pod", "only policies of the Kubernetes APIs"),),
    )


def _ambiguous(ref: ObjectRef, side: policy.DirectionVerdict, hops: tuple[str, ...], seen: Seen) -> Finding:
    return Finding(
        code="policy.ambiguous-priority",
        title=f"{ref.kind} {ref.name} shares its priority with another that decides otherwise",
        detail=side.reason,
        object=ref,
        hops=hops,
        evidence=(field_of(ref, seen.subject, "spec.priority", side.reason, "one policy for each priority"),),
    )
