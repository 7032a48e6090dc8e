"""A denial in words: the title, what the caller sees, the deciding policies as evidence, the repair. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdoc.api import Evidence, Finding, ObjectRef
from netdoc_checks.policy.advice import distinct, fix_for
from netdoc_checks.policy.denial import Denial, gates, near_misses
from netdoc_checks.policy.seen import Seen
from netdoc_checks.proof import field_of

# How near a rule came: one that failed at its port had admitted the peer.
NEARNESS = {"port": 0, "named-port": 0, "peer": 1, "address": 2, "family": 3}
SEEN_AS = {"drop": "callers see a timeout", "reject": "callers see a refused connection"}


def finding(code: str, isolated: ObjectRef, group: Sequence[Denial], seen: Seen) -> Finding:
    first = group[0]
    return Finding(
        code=code,
        title=_title(code, first, seen),
        detail=_detail(group, seen),
        object=isolated,
        hops=_hops(group, seen),
        severity="warning" if _may_pass(group) else "error",
        proven=_enforced(seen) and not any(one.partly and one.called.purpose != "target" for one in group),
        evidence=tuple(_evidence(first, seen)),
        fix=fix_for(distinct(group), seen),
    )


def _hops(group: Sequence[Denial], seen: Seen) -> tuple[str, ...]:
    """The gate where it is decided, the end that is isolated, and every endpoint that is not reached."""
    found: list[str] = []
    ends = [
        (one.direction.direction, one.caller.hop if one.direction.direction == "egress" else one.called.hop)
        for one in group
    ]
    for direction, hop in ends:
        found += gates(direction, hop, seen)
    found += [hop for _, hop in ends]
    found += [one.called.hop for one in group if one.called.purpose == "target"]
    return tuple(dict.fromkeys(found))


def _enforced(seen: Seen) -> bool:
    return seen.plugin is None or seen.plugin.on_deny != "none"


def _may_pass(group: Sequence[Denial]) -> bool:
    """Lookups alone: TCP is needed for long answers only, and of the cache's addresses another may be in use."""
    lookups = all(one.called.purpose != "target" for one in group)
    return lookups and all(one.called.protocol == "TCP" or one.partly for one in group)


def _title(code: str, denial: Denial, seen: Seen) -> str:
    caller, called = seen.name_of(denial.caller), seen.asked(denial.called)
    whose, side = seen.name_of(denial.called), denial.direction.direction
    over = {4: " over IPv4", 6: " over IPv6"}.get(denial.family, "")
    rule = "an egress rule" if side == "egress" else "an ingress rule"
    match code:
        case "policy.dns-egress-denied":
            return f"{caller} may not ask cluster DNS: its egress policies do not allow {called}{over}"
        case "policy.service-port-confused":
            asked = denial.called.service_port
            return f"{rule} allows Service port {asked}, and policies see the pods' port {denial.called.port}"
        case "policy.port-not-allowed":
            return f"{rule} admits {caller} to {whose}, and not on {denial.called.port}/{denial.called.protocol}{over}"
        case "policy.named-port-unresolved":
            return f"{rule} names a port that {whose} does not declare"
        case "policy.admin-denied" | "policy.baseline-denied":
            tier = "admin" if code == "policy.admin-denied" else "baseline"
            return f"a policy of the {tier} tier denies {caller} {called}{over}"
    if side == "egress":
        return f"the egress policies of {caller} do not allow {called}{over}"
    return (
        f"the ingress policies of {whose} do not admit {caller} on {denial.called.port}/{denial.called.protocol}{over}"
    )


def _detail(group: Sequence[Denial], seen: Seen) -> str:
    denial = group[0]
    side = denial.direction
    if side.decision is not None:
        words = [f"{side.decision.policy.kind} {side.decision.policy.name} decides at {side.decision.path}"]
    else:
        words = [f"isolated for {side.direction} by {', '.join(ref.name for ref in side.isolating[:4])}"]
    others = dict.fromkeys(seen.asked(one.called) for one in group)
    others.pop(seen.asked(denial.called))
    if others:
        words.append(f"so are {', '.join(list(others)[:3])}")
    if denial.called.purpose == "node-local" and denial.partly:
        words.append("the cache has another address that is allowed; which one pods ask is the kubelet's setting")
    if seen.plugin is not None and seen.plugin.on_deny in SEEN_AS:
        words.append(f"with {seen.plugin.name} {SEEN_AS[seen.plugin.on_deny]}")
    return "; ".join(words)


def _evidence(denial: Denial, seen: Seen) -> Iterable[Evidence]:
    """Each isolating policy with its nearest rule and the term that fails; or the rule that denied."""
    side = denial.direction
    expected = f"{seen.name_of(denial.caller)} → {seen.asked(denial.called)}"
    if side.decision is not None:
        yield field_of(side.decision.policy, seen.subject, side.decision.path, side.decision.action, expected)
        return
    near = near_misses(side, denial.called.port, seen)
    told: set[ObjectRef] = set()
    for miss in sorted(side.walk, key=lambda one: (one not in near, NEARNESS.get(one.term, 9))):
        if miss.policy not in told and miss.tier == "NetworkPolicy":
            told.add(miss.policy)
            yield field_of(miss.policy, seen.subject, miss.path, miss.text, expected)
    for ref in side.isolating:
        if ref not in told:
            yield field_of(ref, seen.subject, f"spec.{side.direction}", "no rule", expected)
