"""Judges a load balancer as far as its Service shows: was an address given, may the client use it. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import timedelta

from netdoc.api import Evidence, Finding, Fix, kube
from netdoc_checks.endpoints.pods import event_evidence
from netdoc_checks.endpoints.seen import Group, Seen
from netdoc_checks.endpoints.standing import Standing
from netdoc_checks.proof import field_of

GRACE = timedelta(minutes=2)  # clouds take a minute or two to make a load balancer
_POOL_WORDS = ("no available ips", "no ips available", "pool", "exhausted", "unknown pool", "not allowed in config")
_FAILURES = ("AllocationFailed", "SyncLoadBalancerFailed", "CreatingLoadBalancerFailed", "UpdateLoadBalancerFailed")


def judge_balancer(group: Group, stand: Standing, seen: Seen) -> Iterable[Finding]:
    service = group.service
    if service is None or service.spec.type != "LoadBalancer" or not _from_outside(seen):
        return
    hops = tuple(hop.id for hop in seen.subject.path.of_kind("loadbalancer") if hop.object == service.ref) or group.hops
    if not service.status.load_balancer.ingress and not service.spec.external_ips:
        yield from _pending(service, hops, seen)
    yield from _source_ranges(service, hops, seen)


def _from_outside(seen: Seen) -> bool:
    return any(source.spec.kind in ("Internet", "Here", "IP") for source in seen.subject.path.sources)


def _pending(service: kube.Service, hops: tuple[str, ...], seen: Seen) -> Iterable[Finding]:
    born = service.metadata.creation_timestamp
    if born is not None and seen.subject.now - born < GRACE:
        return
    failures = [event for event in seen.events_of(service.ref) if event.reason in _FAILURES]
    said = failures[-1] if failures else None
    exhausted = said is not None and any(word in said.message.lower() for word in _POOL_WORDS)
    nobody = "no controller has said anything about it: none is installed, or none serves its class"
    yield Finding(
        code="loadbalancer.pool-exhausted" if exhausted else "loadbalancer.pending",
        title=f"svc/{service.name} was given no address" + (f": {said.message}" if said else ""),
        detail="" if said or seen.events_gap is not None else nobody,
        object=service.ref,
        hops=hops,
        since=said.first_seen if said else born,
        evidence=(
            Evidence(
                object=service.ref,
                field="status.loadBalancer.ingress",
                observed="empty",
                expected="an address",
                command=seen.subject.kubectl("describe", "service", service.name, namespace=service.namespace),
            ),
            *((event_evidence(said, seen),) if said else ()),
        ),
        fix=Fix(
            summary="widen the address pool, or free an address"
            if exhausted
            else "see why the load balancer's controller gives no address"
        ),
    )


def _source_ranges(service: kube.Service, hops: tuple[str, ...], seen: Seen) -> Iterable[Finding]:
    """loadBalancerSourceRanges leave out a caller that was named by its address."""
    ranges = service.spec.load_balancer_source_ranges
    callers = [
        address for source in seen.subject.path.sources if source.spec.kind == "IP" for address in source.addresses
    ]
    outside = [address for address in callers if ranges and not _within(address, ranges)]
    if outside:
        yield Finding(
            code="loadbalancer.source-ranges",
            title=f"svc/{service.name} admits {', '.join(ranges[:3])}, and {outside[0]} is not in it",
            object=service.ref,
            hops=hops,
            evidence=(
                field_of(
                    service.ref,
                    seen.subject,
                    "spec.loadBalancerSourceRanges",
                    ", ".join(ranges),
                    f"a range with {outside[0]}",
                ),
            ),
            fix=Fix(summary=f"add {outside[0]} to the ranges"),
        )


def _within(address: str, ranges: tuple[str, ...]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(one.strip(), strict=False) for one in ranges)
    except ValueError:
        return True  # a range that does not parse excludes nobody that we could name
