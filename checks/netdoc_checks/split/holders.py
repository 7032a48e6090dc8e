"""Whose the answered addresses are, and what the name should lead to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from netdoc.api import Cluster, ObjectRef, Port, kube, parse_target, resolve
from netdoc_checks.families import is_address
from netdoc_checks.split.seen import Case, Holder

Ranges = Mapping[int, tuple[int, int]]
"""By IP version: the lowest and the highest address, as numbers."""
LARGEST = {4: 1 << 20, 6: 1 << 64}
"""Addresses of the largest range of Services: a /12, a /64 (k8s.io/kubernetes/cmd/kube-apiserver/app/options)."""
PUBLISHED = ("external-dns.alpha.kubernetes.io/hostname", "external-dns.kubernetes.io/hostname")
"""Annotations by which ExternalDNS publishes a Service's load balancer under a name (docs/annotations)."""


async def holders_of(cluster: Cluster, cases: Iterable[Case], port: Port | None) -> dict[str, Holder]:
    """By address and port: on a node's own address a load balancer may answer, as k3s's does."""
    addresses = list(dict.fromkeys(one for case in cases for view in (case.own, case.other) for one in view.addresses))
    ranges = await _service_ranges(cluster) if addresses else {}
    found = await asyncio.gather(*(_holder(cluster, one, port, ranges) for one in addresses))
    return dict(zip(addresses, found, strict=True))


async def _holder(cluster: Cluster, address: str, port: Port | None, ranges: Ranges) -> Holder:
    place = (f"[{address}]" if ":" in address else address) + (f":{port.number}" if port and port.number else "")
    path = await resolve(cluster, parse_target(place))
    gap = next((one.gap for one in path.unread if one.gap.blocking), None)
    if path.object is not None:
        return Holder(object=path.object, balanced=bool(path.of_kind("loadbalancer")))
    return Holder(gone=gap is None and (bool(path.absent) or _within(address, ranges)), gap=gap)


async def _service_ranges(cluster: Cluster) -> Ranges:
    """From the lowest to the highest address that a Service has, by family: all between is the Services' own range.

    Empty where not all Services could be read: nobody may be said to lack an address then. A family in which they are
    further apart than one range goes has several (KEP-1880), and what lies between those is not the cluster's.
    """
    balanced = await cluster.list(kube.Service, fields="spec.type=LoadBalancer")
    others = await cluster.list(kube.Service, fields="spec.type!=LoadBalancer")
    if not (balanced.complete and others.complete):
        return {}
    given = [one for service in (*balanced.items, *others.items) for one in service.cluster_addresses]
    known = [ip_address(one) for one in given if is_address(one)]
    numbers = {version: [int(one) for one in known if one.version == version] for version in (4, 6)}
    ends = {version: (min(each), max(each)) for version, each in numbers.items() if each}
    return {version: (low, high) for version, (low, high) in ends.items() if high - low < LARGEST[version]}


def _within(address: str, ranges: Ranges) -> bool:
    if not is_address(address):
        return False
    one = ip_address(address)
    low, high = ranges.get(one.version, (1, 0))
    return low <= int(one) <= high


async def service_of(
    cluster: Cluster, name: str, cases: list[Case], holders: dict[str, Holder]
) -> tuple[kube.Service | None, bool]:
    """What the name should lead to: the Service that publishes it, else the one behind an answer.

    An answer behind a load balancer counts before one that is the Service's own address.
    """
    listing = await cluster.list(kube.Service, fields="spec.type=LoadBalancer")
    published = next((one for one in listing.items if name in _published(one)), None)
    if published is not None:
        return published, True
    found: list[tuple[bool, ObjectRef]] = []
    for case in cases:
        for address in (*case.other.addresses, *case.own.addresses):
            holder = holders[address]
            if holder.object is not None and holder.object.kind == "Service":
                found.append((not holder.balanced, holder.object))
    for _, ref in sorted(found, key=lambda one: one[0]):
        service = await cluster.get(kube.Service, ref.name, ref.namespace)
        if isinstance(service, kube.Service):
            return service, False
    return None, False


def _published(service: kube.Service) -> set[str]:
    texts = (service.metadata.annotations.get(one, "") for one in PUBLISHED)
    return {name.strip().rstrip(".").lower() for text in texts for name in text.split(",") if name.strip()}
