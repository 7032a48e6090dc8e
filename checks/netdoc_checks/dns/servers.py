"""Judges cluster DNS itself: is it there, does it have ready pods, and if not, what keeps them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from netdoc.api import Evidence, Finding, Fix, Gap, Judgement, ObjectRef, Unjudged, kube
from netdoc_checks.dns.seen import HOME, Seen
from netdoc_checks.proof import edit, field_of

SYMPTOMS = ("service.no-ready-endpoint", "service.some-endpoints-unready")
"""What the check `endpoints` says of a Service without enough pods: said here by the name of what they do."""


def judge_server(seen: Seen) -> Iterable[Judgement]:
    server = seen.server
    match server.service:
        case None:
            yield from _missing(seen)
        case Gap() as gap:
            yield _unread(gap, seen)
        case kube.Service() as service:
            yield from _gaps(seen)
            yield from _standing(service, seen)


def _missing(seen: Seen) -> Iterable[Judgement]:
    """Without a Service: missing where its pods are there or nothing else can be; else managed out of sight."""
    server = seen.server
    if server.workload is None:
        yield Unjudged(
            what="cluster DNS",
            reason="not-supported" if server.pods.complete else "incomplete",
            detail="neither its Service nor its pods can be seen here: it may be managed by the provider",
            hop=seen.hops[0],
        )
        return
    yield Finding(
        code="dns.server-missing",
        title=f"there is no Service in front of {server.workload.kind.lower()}/{server.workload.name}: names do not"
        " resolve",
        object=server.workload,
        hops=seen.hops,
        evidence=(
            Evidence(
                object=ObjectRef(api_version="v1", kind="Service", namespace=HOME, name="kube-dns"),
                observed="not found",
                expected="the Service whose address stands in every pod's resolv.conf",
                command=seen.subject.kubectl("get", "service", "kube-dns", namespace=server.workload.namespace),
            ),
        ),
        fix=Fix(summary="create the Service kube-dns again, with the clusterIP that the kubelets' clusterDNS names"),
    )


def _unread(gap: Gap, seen: Seen) -> Unjudged:
    """Who may not look into kube-system is not told that all is unknown, unless a name was asked about."""
    return Unjudged(
        what=gap.what,
        reason=gap.reason,
        detail=gap.detail,
        hop=seen.hops[0],
        blocking=gap.blocking and bool(seen.subject.path.target.host),
    )


def _gaps(seen: Seen) -> Iterable[Unjudged]:
    for gap in (seen.server.slices.gap, seen.server.pods.gap):
        if gap is not None and gap.blocking:
            yield _unread(gap, seen)


def _standing(service: kube.Service, seen: Seen) -> Iterable[Judgement]:
    server = seen.server
    if seen.subject.path.object == service.ref or not server.slices.complete:
        return
    if not server.serving:
        yield _down(service, seen)
    elif _some_missing(seen):
        yield _partial(service, seen)
    else:
        yield from _ports(service, seen)
        return
    for trouble in server.troubles:
        if trouble.code not in SYMPTOMS:
            yield msgspec.structs.replace(trouble, hops=seen.hops)


def _ports(service: kube.Service, seen: Seen) -> Iterable[Finding]:
    """All pods are ready, and yet a port leads nowhere or is not there."""
    if not any(one.port == 53 and one.protocol == "UDP" for one in service.spec.ports):
        offered = ", ".join(f"{one.port}/{one.protocol}" for one in service.spec.ports) or "none"
        yield Finding(
            code="dns.server-missing",
            title=f"the DNS Service {service.name} does not offer 53/UDP: names do not resolve",
            object=service.ref,
            hops=seen.hops,
            evidence=(field_of(service.ref, seen.subject, "spec.ports", offered, "53/UDP and 53/TCP"),),
            fix=Fix(summary="add port 53 with protocol UDP", commands=(edit(service.ref, seen.subject),)),
        )
    for trouble in seen.server.troubles:
        if trouble.code not in SYMPTOMS and trouble.severity != "info":
            yield msgspec.structs.replace(trouble, hops=seen.hops)


def _some_missing(seen: Seen) -> bool:
    """Fewer serve than live. A trouble that is only told (info) takes nothing from anybody."""
    told = [one for one in seen.server.troubles if one.code in SYMPTOMS or one.severity != "info"]
    return seen.server.serving < len(seen.server.living) and bool(told)


def _about(service: kube.Service, seen: Seen) -> ObjectRef:
    """The Service where the fault is its own (a selector), else the workload whose pods do not serve."""
    own = any(one.object == service.ref and one.code not in SYMPTOMS for one in seen.server.troubles)
    return service.ref if own or seen.server.workload is None else seen.server.workload


def _down(service: kube.Service, seen: Seen) -> Finding:
    living = len(seen.server.living)
    count = f"{living} {'pod' if living == 1 else 'pods'}, none ready" if living else "no pod"
    return Finding(
        code="dns.server-down",
        title=f"cluster DNS does not answer: the Service {service.name} has no ready endpoint ({count})",
        object=_about(service, seen),
        hops=seen.hops,
        severity="error",
        evidence=(_endpoints(service, seen, f"0 of {living} ready"),),
    )


def _partial(service: kube.Service, seen: Seen) -> Finding:
    serving, living = seen.server.serving, len(seen.server.living)
    return Finding(
        code="dns.server-partial",
        title=f"{serving} of {living} DNS pods are ready: the others take no questions",
        object=_about(service, seen),
        hops=seen.hops,
        severity="warning",
        evidence=(_endpoints(service, seen, f"{serving} of {living} ready"),),
    )


def _endpoints(service: kube.Service, seen: Seen, observed: str) -> Evidence:
    labels = f"kubernetes.io/service-name={service.name}"
    return Evidence(
        object=service.ref,
        field="endpoints",
        observed=observed,
        expected="every DNS pod ready",
        command=seen.subject.kubectl("get", "endpointslices", "-l", labels, namespace=service.namespace),
    )
