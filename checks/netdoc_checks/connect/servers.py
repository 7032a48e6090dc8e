"""Judges who is to blame behind a nameserver's address: one of its pods, the address itself, its upstreams. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix, Mitigation, ObjectRef, kube
from netdoc_checks.connect import proof
from netdoc_checks.connect.questions import forwarded
from netdoc_checks.connect.seen import Asked, Caller, Resolver, Seen, in_rotation

HOME = "kube-system"


def judge_servers(caller: Caller, seen: Seen) -> Iterable[Finding]:
    resolver = caller.resolver
    if resolver is None or resolver.name.gap is not None:
        return
    yield from _pods(resolver, caller, seen)
    yield from _upstream(resolver, caller, seen)


def _pods(resolver: Resolver, caller: Caller, seen: Seen) -> Iterable[Finding]:
    """Some pods silent and others not; or all answer, and the address before them does not."""
    asked = [one for one in caller.servers if one.asked.gap is None and one.allowed is not False]
    silent = [one for one in asked if one.asked.silent]
    well = [one for one in asked if one.asked.answers]
    if silent and well and seen.dns_owner is not None:
        yield Finding(
            code="dns.server-partial",
            title=f"{len(silent)} of {len(asked)} DNS pods do not answer {caller.who}: {silent[0].pod.name}",
            detail="questions to the DNS Service reach one pod after the other: those that reach this one get lost",
            object=seen.dns_owner,
            hops=(caller.hop,),
            severity="error" if any(in_rotation(one.pod) for one in silent) else "warning",
            evidence=tuple(proof.of(one.asked, "an answer", caller, seen) for one in (*silent[:3], well[0])),
            mitigation=_replace(silent[0].pod, seen),
        )
    if resolver.cluster and not resolver.answers and well and not silent and seen.dns is not None:
        yield Finding(
            code="service.vip-unreachable",
            title=f"each DNS pod answers {caller.who}, and the Service's address {resolver.address} does not",
            detail="what turns the Service's address into a pod's does not, on the node of the caller",
            object=seen.dns.ref,
            hops=(caller.hop,),
            severity="error",
            evidence=(
                proof.of(resolver.name, "an answer", caller, seen),
                *(proof.of(one.asked, "an answer", caller, seen) for one in well[:2]),
            ),
        )


def _upstream(resolver: Resolver, caller: Caller, seen: Seen) -> Iterable[Finding]:
    """The cluster's own names are answered at the same server, the outside name fails, and so does what only its
    upstreams know: each twice at least."""
    name, control, upstream = resolver.name, resolver.control, resolver.upstream
    if control is None or upstream is None or not control.answers:
        return
    text = seen.corefile if resolver.cluster else None
    forward = forwarded(name.name.rstrip("."), text)[1]
    if text is not None and forward is None:
        return  # nothing forwards it: there is no upstream
    if not (_failing(name.rcode, name.silent, len(name.rounds)) and _failing(upstream.rcode, upstream.silent, 2)):
        return
    over = "; CoreDNS asks them over TCP alone (force_tcp)" if forward is not None and forward.force_tcp else ""
    upstreams = ", ".join(one.address or one.file for one in forward.upstreams) if forward is not None else ""
    named = f" ({upstreams})" if upstreams else ""
    yield Finding(
        code="dns.upstream-down",
        title=f"{resolver.address} answers for the cluster's names, and for {name.name} its upstreams{named} do not",
        detail=_detail(caller, upstream, over),
        object=_about(resolver, caller, seen),
        hops=(caller.hop,),
        severity="error",
        evidence=(
            proof.of(name, "an answer", caller, seen),
            proof.of(upstream, "what every such upstream knows", caller, seen),
            proof.of(control, "an answer", caller, seen),
            *([_corefile(forward.line, seen)] if forward is not None else []),
            *([_policies(caller, seen)] if caller.shut else []),
        ),
        fix=_mend(caller, seen) if forward is not None else None,
    )


def _detail(caller: Caller, upstream: Asked, over: str) -> str:
    if caller.shut:
        return f"egress policies let cluster DNS send nothing to {', '.join(caller.shut)}{over}"
    return f"asked for {upstream.name} {upstream.type}, which they all know: {proof.said(upstream)}{over}"


def _policies(caller: Caller, seen: Seen) -> Evidence:
    return Evidence(
        kind="policy",
        object=seen.dns_owner,
        observed=f"egress to {', '.join(caller.shut)} is denied",
        expected="egress to the upstreams on 53/UDP and 53/TCP",
        command=seen.subject.kubectl("get", "networkpolicies", "-o", "yaml", namespace=HOME),
    )


def _mend(caller: Caller, seen: Seen) -> Fix:
    if caller.shut:
        return Fix(summary=f"allow cluster DNS egress to {', '.join(caller.shut)} on 53/UDP and 53/TCP")
    command = seen.subject.kubectl("edit", "configmap", "coredns", namespace=HOME)
    return Fix(summary="let CoreDNS reach its upstreams, or forward to ones that answer", commands=(command,))


def _replace(pod: kube.Pod, seen: Seen) -> Mitigation:
    command = seen.subject.kubectl("delete", "pod", pod.name, namespace=pod.namespace)
    return Mitigation(summary="replace the pod that is silent; the others go on answering", commands=(command,))


def _failing(rcode: str, silent: bool, rounds: int) -> bool:
    return rounds > 1 and (silent or rcode == "SERVFAIL")


def _about(resolver: Resolver, caller: Caller, seen: Seen) -> ObjectRef:
    """Cluster DNS where it is the server; of another nameserver only who asks it is known."""
    if not resolver.cluster or seen.dns is None:
        return caller.owner
    return seen.dns_owner or seen.dns.ref


def _corefile(line: int, seen: Seen) -> Evidence:
    lines = (seen.corefile or "").splitlines()
    return Evidence(
        object=ObjectRef(api_version="v1", kind="ConfigMap", namespace=HOME, name="coredns"),
        field=f"data.Corefile, line {line}",
        observed=lines[line - 1].strip() if 0 < line <= len(lines) else "",
        expected="upstreams that answer CoreDNS",
        command=seen.subject.kubectl("get", "configmap", "coredns", "-o", "yaml", namespace=HOME),
    )
