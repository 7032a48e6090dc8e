"""From verdicts to findings: what is denied, which rule decided, which came nearest, what would allow it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from netdoc.api import Evidence, Finding, Judgement, ObjectRef, Unjudged, policy
from netdoc_checks.policy.advice import fix_for
from netdoc_checks.policy.seen import Called, Caller, Seen

CONTROLLERS = frozenset({"traefik", "ingress-nginx", "nginx-ingress", "haproxy-ingress", "contour", "envoy", "kong"})
EXTERNAL = "198.51.100.1"  # stands for anybody outside (RFC 5737): no block narrower than everything is meant


class Denial(msgspec.Struct, frozen=True):
    """One connection that is denied at one end."""

    caller: Caller
    called: Called
    direction: policy.DirectionVerdict
    source: policy.End
    destination: policy.End


def judge(seen: Seen) -> Iterable[Judgement]:
    judgements: list[Judgement] = [*_unread(seen), *_refused(seen), *_unknown_callers(seen)]
    denials: list[Denial] = []
    for caller in seen.callers:
        for called in (*seen.called, *seen.resolvers):
            if called.purpose == "dns" and caller.pod is None:
                continue
            found, unknown = _ask(caller, called, seen)
            denials += found
            judgements += unknown
    judgements += _denied(denials, seen)
    judgements += _not_enforced(seen)
    return _unique(judgements)


def _unread(seen: Seen) -> Iterable[Unjudged]:
    """A policy that may not be read may deny or allow: nothing about these ends is known."""
    hops = tuple(dict.fromkeys([one.hop for one in seen.called])) or tuple(one.hop for one in seen.callers)
    for gap in seen.gaps:
        for hop in hops[:1]:
            yield Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail, hop=hop, blocking=True)


def _refused(seen: Seen) -> Iterable[Finding]:
    """A policy that the API server would refuse takes no part in anything: only files hold such."""
    for one in seen.policies.refused:
        first = one.problems[0]
        yield Finding(
            code="policy.invalid",
            title=f"{one.ref.kind} {one.ref.name} would be refused: {first.path}: {first.text}",
            object=one.ref,
            hops=tuple(called.hop for called in seen.called)[:1],
            severity="warning",
            evidence=tuple(
                Evidence(kind="policy", object=one.ref, field=problem.path, observed=problem.text, expected="valid")
                for problem in one.problems[:3]
            ),
        )


def _unknown_callers(seen: Seen) -> Iterable[Unjudged]:
    """Any client of the cluster: its own policies are not known, and an isolated pod admits only some."""
    if seen.callers or not any(source.spec.kind == "Any" for source in seen.subject.path.sources):
        return
    for called in seen.called:
        end = _end(called.pod, called.address, seen)
        isolating = seen.policies.selecting("ingress", end) if end is not None else []
        if isolating:
            names = ", ".join(sorted({one.ref.name for one in isolating})[:3])
            yield Unjudged(
                what=f"who may call {_who(called, seen)}",
                reason="no-source",
                detail=f"policies decide it by the caller ({names}); name one with --from",
                hop=called.hop,
                blocking=True,
            )


def _end(pod: object, address: str, seen: Seen) -> policy.End | None:
    try:
        if pod is not None:
            return seen.policies.pod(pod.namespace, pod.name)  # type: ignore[attr-defined]
        return seen.policies.address(address) if address else None
    except (policy.UnknownEnd, ValueError):
        return None


def _who(called: Called, seen: Seen) -> str:
    if called.pod is None:
        return called.address
    owner = seen.owners.get(called.pod.ref, called.pod.ref)
    return f"{owner.kind.lower()}/{owner.name} on {called.port}/{called.protocol}"


def _ask(caller: Caller, called: Called, seen: Seen) -> tuple[list[Denial], list[Unjudged]]:
    address = caller.address or (EXTERNAL if caller.pod is None else "")
    source, destination = _end(caller.pod, address, seen), _end(called.pod, called.address, seen)
    if source is None or destination is None:
        return [], []
    verdict = policy.evaluate(seen.policies, source, destination, called.port, called.protocol)
    if verdict.allowed is None:
        return [], [_not_known(verdict, caller, called, seen)]
    if verdict.allowed:
        return [], []
    sides = [side for side in (verdict.egress, verdict.ingress) if side is not None and side.allowed is False]
    return [Denial(caller, called, side, source, destination) for side in sides], []


def _not_known(verdict: policy.Verdict, caller: Caller, called: Called, seen: Seen) -> Unjudged:
    return Unjudged(
        what=f"whether policies let {_caller_name(caller, seen)} reach {_who(called, seen)}",
        reason="not-supported",
        detail=verdict.reason,
        hop=called.hop,
        blocking=True,
    )


def _caller_name(caller: Caller, seen: Seen) -> str:
    if caller.pod is None:
        return caller.address or caller.kind.lower()
    owner = seen.owners.get(caller.pod.ref, caller.pod.ref)
    return f"{owner.kind.lower()}/{owner.name}"


def _isolated(denial: Denial, seen: Seen) -> ObjectRef:
    """What the deciding policies select: the caller for egress, the called for ingress."""
    pod = denial.caller.pod if denial.direction.direction == "egress" else denial.called.pod
    if pod is None:
        return seen.subject.path.object or ObjectRef(api_version="v1", kind="Pod", name="?")
    return seen.owners.get(pod.ref, pod.ref)


def _denied(denials: Sequence[Denial], seen: Seen) -> Iterable[Finding]:
    """One finding for a code and an isolated workload; of several codes the most specific alone."""
    gathered: dict[tuple[str, ObjectRef], list[Denial]] = {}
    for denial in denials:
        gathered.setdefault((_code(denial, seen), _isolated(denial, seen)), []).append(denial)
    for (code, isolated), group in gathered.items():
        yield _finding(code, isolated, group, seen)


def _code(denial: Denial, seen: Seen) -> str:
    """The most specific code that fits: the tier, the port, DNS, the ingress controller, else the direction."""
    side = denial.direction
    if side.decision is not None and side.decision.tier == "Admin":
        return "policy.admin-denied"
    if side.decision is not None and side.decision.tier == "Baseline":
        return "policy.baseline-denied"
    if denial.called.purpose == "dns" or _is_dns(denial, seen):
        return "policy.dns-egress-denied" if side.direction == "egress" else "policy.ingress-denied"
    misses = {miss.term for miss in side.walk if miss.tier == "NetworkPolicy"}
    if "named-port" in misses:
        return "policy.named-port-unresolved"
    if "port" in misses:
        return "policy.service-port-confused" if _confused(denial, seen) else "policy.port-not-allowed"
    if side.direction == "ingress" and _is_controller(denial.caller):
        return "policy.ingress-controller-denied"
    return f"policy.{side.direction}-denied"


def _is_dns(denial: Denial, seen: Seen) -> bool:
    object_ = seen.subject.path.object
    asked_dns = object_ is not None and (object_.namespace, object_.name) == ("kube-system", "kube-dns")
    return asked_dns and denial.called.service_port == 53


def _confused(denial: Denial, seen: Seen) -> bool:
    """A rule would admit it on the Service's port, which is not the pods' own."""
    port = denial.called.service_port
    if port is None or port == denial.called.port:
        return False
    other = policy.evaluate(seen.policies, denial.source, denial.destination, port, denial.called.protocol)
    side = other.egress if denial.direction.direction == "egress" else other.ingress
    return side is not None and side.allowed is True


def _is_controller(caller: Caller) -> bool:
    if caller.pod is None:
        return False
    labels = caller.pod.metadata.labels
    return bool({labels.get("app.kubernetes.io/name"), labels.get("app"), labels.get("k8s-app")} & CONTROLLERS)


def _finding(code: str, isolated: ObjectRef, group: Sequence[Denial], seen: Seen) -> Finding:
    first = group[0]
    hops = [one.caller.hop if one.direction.direction == "egress" else one.called.hop for one in group]
    hops += [one.called.hop for one in group if one.called.purpose == "target"]
    return Finding(
        code=code,
        title=_title(code, first, seen),
        detail=_detail(first, seen),
        object=isolated,
        hops=tuple(dict.fromkeys(hops)),
        severity="warning" if _only_tcp_dns(code, group, seen) else "error",
        proven=seen.plugin is None or seen.plugin.on_deny != "none",
        evidence=tuple(_evidence(first, seen)),
        fix=fix_for(first.source, first.destination, first.called.port, first.called.protocol, seen),
    )


def _only_tcp_dns(code: str, group: Sequence[Denial], seen: Seen) -> bool:
    """DNS over TCP is needed for long answers alone: where UDP passes, most lookups do."""
    if code != "policy.dns-egress-denied" or any(one.called.purpose != "dns" for one in group):
        return False
    return all(one.called.protocol == "TCP" for one in group)


def _title(code: str, denial: Denial, seen: Seen) -> str:
    caller, called = _caller_name(denial.caller, seen), _who(denial.called, seen)
    whose = called.rpartition(" on ")[0] or called
    side = denial.direction.direction
    match code:
        case "policy.dns-egress-denied":
            return f"{caller} may not ask cluster DNS: its egress policies do not allow {called}"
        case "policy.service-port-confused":
            asked = denial.called.service_port
            return f"a rule allows Service port {asked}, and policies see the pods' port {denial.called.port}"
        case "policy.port-not-allowed":
            return f"a {side} rule admits {caller} to {whose}, and not on {denial.called.port}"
        case "policy.named-port-unresolved":
            return f"a {side} rule names a port that {whose} does not declare"
        case "policy.admin-denied" | "policy.baseline-denied":
            tier = "admin" if code == "policy.admin-denied" else "baseline"
            return f"a policy of the {tier} tier denies {caller} {called}"
        case "policy.egress-denied":
            return f"the egress policies of {caller} do not allow {called}"
        case _:
            return f"the ingress policies of {whose} do not admit {caller} on {denial.called.port}"


def _detail(denial: Denial, seen: Seen) -> str:
    side = denial.direction
    if side.decision is not None:
        words = f"{side.decision.policy.kind} {side.decision.policy.name} decides at {side.decision.path}"
    else:
        names = ", ".join(ref.name for ref in side.isolating[:4])
        words = f"isolated for {side.direction} by {names}"
    if seen.plugin is None:
        return words
    acts = {"drop": "callers see a timeout", "reject": "callers see a refused connection"}.get(seen.plugin.on_deny, "")
    return f"{words}; with {seen.plugin.name} {acts}" if acts else words


def _evidence(denial: Denial, seen: Seen) -> Iterable[Evidence]:
    """Each isolating policy with the term of its nearest rule that fails; or the rule that denied."""
    side = denial.direction
    expected = f"{_caller_name(denial.caller, seen)} → {_who(denial.called, seen)}"
    if side.decision is not None:
        yield _policy_evidence(side.decision.policy, side.decision.path, side.decision.action, expected, seen)
        return
    told: set[ObjectRef] = set()
    for miss in sorted(side.walk, key=lambda one: _NEARNESS.get(one.term, 9)):
        if miss.policy not in told and miss.tier == "NetworkPolicy":
            told.add(miss.policy)
            yield _policy_evidence(miss.policy, miss.path, miss.text, expected, seen)
    for ref in side.isolating:
        if ref not in told:
            yield _policy_evidence(ref, f"spec.{side.direction}", "no rule", expected, seen)


# How near a rule came: one that failed at its port had admitted the peer.
_NEARNESS = {"port": 0, "named-port": 0, "peer": 1, "address": 2, "family": 3}


def _policy_evidence(ref: ObjectRef, path: str, observed: str, expected: str, seen: Seen) -> Evidence:
    return Evidence(
        kind="policy",
        object=ref,
        field=path,
        observed=observed,
        expected=expected,
        command=seen.subject.kubectl("get", ref.kind.lower(), ref.name, "-o", "yaml", namespace=ref.namespace),
    )


def _not_enforced(seen: Seen) -> Iterable[Finding]:
    """Policies where only flannel is seen: it enforces none. Something that cannot be seen may (k3s builds it in)."""
    if seen.plugin is None or seen.plugin.on_deny != "none" or not seen.policies.policies:
        return
    first = seen.policies.policies[0].ref
    yield Finding(
        code="policy.not-enforced",
        title=f"nothing is seen that enforces policies: {seen.plugin.name} does not",
        detail=seen.plugin.note,
        object=first,
        hops=tuple(one.hop for one in seen.called)[:1],
        severity="info",
        proven=False,
        evidence=(Evidence(kind="policy", object=first, field="spec", observed="declared", expected="enforced"),),
    )


def _unique(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The most specific code alone for one isolated workload and direction of trouble; each Unjudged once."""
    kept: dict[object, Judgement] = {}
    for one in judgements:
        what = (one.code, one.object) if isinstance(one, Finding) else (one.what, one.hop)
        kept.setdefault(what, one)
    return list(kept.values())
