"""What is to be known beside the verdicts: refused policies, blocks for pods, host networks, no enforcer. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from netdoc.api import Evidence, Finding, ObjectRef, kube, policy
from netdoc_checks.policy.denial import gates
from netdoc_checks.policy.seen import Called, Caller, Seen
from netdoc_checks.proof import field_of


def beside(seen: Seen) -> Iterator[Finding]:
    yield from _refused(seen)
    yield from _blocks(seen)
    yield from _host_network(seen)
    yield from _not_enforced(seen)


def _refused(seen: Seen) -> Iterator[Finding]:
    """A policy that the API server would refuse takes no part in anything: only files hold such."""
    hops = tuple(dict.fromkeys([*(one.hop for one in seen.callers), *(one.hop for one in seen.called)]))
    for one in seen.policies.refused:
        first = one.problems[0]
        yield Finding(
            code="policy.invalid",
            title=f"{one.ref.kind} {one.ref.name} would be refused: {first.path}: {first.text}",
            detail="the API server does not take it, so it is left out of every verdict",
            object=one.ref,
            hops=hops,
            severity="warning",
            evidence=tuple(field_of(one.ref, seen.subject, each.path, each.text, "valid") for each in one.problems[:3]),
        )


def _blocks(seen: Seen) -> Iterator[Finding]:
    """Pods let through by an ipBlock alone, where it is not known whether the plugin matches pods by blocks."""
    inputs = seen.policies.inputs
    if seen.plugin is not None or not policy.has_blocks(seen.policies):
        return
    without = policy.PolicySet(msgspec.structs.replace(inputs, ipblock_pods="ignore"))
    for caller in seen.callers:
        for called in seen.called:
            yield from _turned(caller, called, seen, without)


def _turned(caller: Caller, called: Called, seen: Seen, without: policy.PolicySet) -> Iterator[Finding]:
    if caller.pod is None or called.pod is None:
        return
    now, then = (_verdict(each, caller.pod, called.pod, called) for each in (seen.policies, without))
    for side, other in ((now.egress, then.egress), (now.ingress, then.ingress)):
        if side is None or other is None or side.allowed is other.allowed or side.decision is None:
            continue
        ref, hop = side.decision.policy, caller.hop if side.direction == "egress" else called.hop
        yield Finding(
            code="policy.ipblock-for-pods",
            title=f"{ref.kind} {ref.name} lets {seen.name_of(caller)} reach {seen.asked(called)} by an ipBlock alone",
            detail="whether blocks match the addresses of pods depends on the network plugin, which is not seen here: "
            "Calico's do, Cilium's do not",
            object=ref,
            hops=(*gates(side.direction, hop, seen), hop),
            proven=False,
            evidence=(
                field_of(ref, seen.subject, side.decision.path, "an ipBlock that holds the pod", "a podSelector"),
            ),
        )


def _verdict(policies: policy.PolicySet, source: kube.Pod, destination: kube.Pod, called: Called) -> policy.Verdict:
    one = policies.pod(source.namespace, source.name)
    other = policies.pod(destination.namespace, destination.name)
    return policy.evaluate(policies, one, other, called.port, called.protocol)


def _host_network(seen: Seen) -> Iterator[Finding]:
    """A pod in its node's network that policies select in vain: they neither shut it in nor keep others out."""
    ends: list[tuple[Caller | Called, str]] = [(one, "egress") for one in seen.callers]
    for end, direction in (*ends, *((one, "ingress") for one in seen.called)):
        if end.pod is None or not end.pod.spec.host_network:
            continue
        chosen = [one for one in seen.policies.policies if _would_select(one, direction, end.pod)]
        if chosen:
            yield _bypass(end, direction, end.pod, chosen[0].ref, seen)


def _would_select(one: policy.Policy, direction: str, pod: kube.Pod) -> bool:
    rules = one.ingress if direction == "ingress" else one.egress
    return (
        rules is not None
        and one.subject.namespace == pod.namespace
        and policy.matches(one.subject.pods, pod.metadata.labels)
    )


def _bypass(end: Caller | Called, direction: str, pod: kube.Pod, ref: ObjectRef, seen: Seen) -> Finding:
    return Finding(
        code="policy.host-network-bypass",
        title=f"{seen.name_of(end)} is in its node's network, where {ref.name} does not reach",
        detail="its packets have the node's address: rules name it by an ipBlock, not by labels",
        object=seen.owner(pod),
        hops=(*gates(direction, end.hop, seen), end.hop),
        evidence=(
            Evidence(
                kind="object",
                object=pod.ref,
                field="spec.hostNetwork",
                observed="true",
                expected="false, for policies to apply",
                command=seen.subject.kubectl("get", "pod", pod.name, "-o", "yaml", namespace=pod.namespace),
            ),
        ),
    )


def _not_enforced(seen: Seen) -> Iterator[Finding]:
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
        proven=False,
        evidence=(field_of(first, seen.subject, "spec", "declared", "enforced"),),
    )
