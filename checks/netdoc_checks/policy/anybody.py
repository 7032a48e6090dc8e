"""No caller was named: what policies let any client do, where that does not depend on the client. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Judgement, Unjudged, policy
from netdoc_checks.policy.denial import gates
from netdoc_checks.policy.seen import Called, Seen


def anybody(seen: Seen) -> Iterable[Judgement]:
    """An isolated destination admits only some: whom, is known where it admits all or none on this port."""
    if seen.callers or not any(source.spec.kind == "Any" for source in seen.subject.path.sources):
        return
    for called in seen.called:
        end = seen.end(called)
        deciding = list(_deciding(end, called, seen)) if end is not None else []
        if end is None or not deciding or _admits_all(end, deciding, called, seen):
            continue
        yield (
            _closed(deciding, called, seen)
            if _admits_none(end, deciding, called, seen)
            else _depends(deciding, called, seen)
        )


def _deciding(end: policy.End, called: Called, seen: Seen) -> Iterable[policy.Policy]:
    """The policies that may keep somebody out: isolating ones, and those of the admin tiers that deny."""
    for one in seen.policies.selecting("ingress", end):
        rules = one.rules("ingress") or ()
        if one.tier == "NetworkPolicy" or any(rule.action == "Deny" and _port(rule, end, called) for rule in rules):
            yield one


def _port(rule: policy.Rule, end: policy.End, called: Called) -> bool:
    return rule.ports is None or any(policy.port_allows(one, end, called.port, called.protocol) for one in rule.ports)


def _admits_all(end: policy.End, deciding: list[policy.Policy], called: Called, seen: Seen) -> bool:
    return all(one.tier == "NetworkPolicy" for one in deciding) and any(
        rule.peers is None and _port(rule, end, called) for one in deciding for rule in one.rules("ingress") or ()
    )


def _admits_none(end: policy.End, deciding: list[policy.Policy], called: Called, seen: Seen) -> bool:
    """Every rule fails at its ports already; an admin policy that accepts would come before."""
    every = seen.policies.selecting("ingress", end)
    return any(one.tier == "NetworkPolicy" for one in deciding) and not any(
        rule.action != "Deny" and _port(rule, end, called) for one in every for rule in one.rules("ingress") or ()
    )


def _depends(deciding: list[policy.Policy], called: Called, seen: Seen) -> Unjudged:
    names = ", ".join(sorted({one.ref.name for one in deciding})[:3])
    return Unjudged(
        what=f"who may call {seen.asked(called)}",
        reason="no-source",
        detail=f"policies decide it by the caller ({names}); name one with --from",
        hop=called.hop,
        blocking=True,
    )


def _closed(deciding: list[policy.Policy], called: Called, seen: Seen) -> Finding:
    assert called.pod is not None
    rules = any(one.rules("ingress") for one in deciding)
    kubectl = seen.subject.kubectl
    return Finding(
        code="policy.port-not-allowed" if rules else "policy.ingress-denied",
        title=f"no policy admits anybody to {seen.asked(called)}",
        detail=f"isolated for ingress by {', '.join(one.ref.name for one in deciding[:4])}",
        object=seen.owner(called.pod),
        hops=(*gates("ingress", called.hop, seen), called.hop),
        evidence=tuple(
            Evidence(
                kind="policy",
                object=one.ref,
                field="spec.ingress",
                observed="no rule for this port" if one.rules("ingress") else "no rule",
                expected=f"a rule for {called.port}/{called.protocol}",
                command=kubectl("get", one.ref.kind.lower(), one.ref.name, "-o", "yaml", namespace=one.ref.namespace),
            )
            for one in deciding
        ),
    )
