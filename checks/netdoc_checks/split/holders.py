"""Whose the answered addresses are, and what the name should lead to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ipaddress import ip_address

from netdoc.api import Cluster, ObjectRef, Port, kube, parse_target, resolve
from netdoc_checks.split.seen import Case, Holder

HOME = "kube-system"
PUBLISHED = ("external-dns.alpha.kubernetes.io/hostname", "external-dns.kubernetes.io/hostname")
"""Annotations by which ExternalDNS publishes a Service's load balancer under a name (docs/annotations)."""


async def holders_of(cluster: Cluster, cases: Iterable[Case], port: Port | None) -> dict[str, Holder]:
    """By address and port: on a node's own address a load balancer may answer, as k3s's does."""
    addresses = list(dict.fromkeys(one for case in cases for view in (case.own, case.other) for one in view.addresses))
    dns_service = await cluster.get(kube.Service, "kube-dns", HOME) if addresses else None
    own = dns_service.cluster_addresses if isinstance(dns_service, kube.Service) else ()
    found = await asyncio.gather(*(_holder(cluster, one, port, own) for one in addresses))
    return dict(zip(addresses, found, strict=True))


async def _holder(cluster: Cluster, address: str, port: Port | None, dns_addresses: tuple[str, ...]) -> Holder:
    place = (f"[{address}]" if ":" in address else address) + (f":{port.number}" if port and port.number else "")
    path = await resolve(cluster, parse_target(place))
    gap = next((one.gap for one in path.unread if one.gap.blocking), None)
    if path.object is not None:
        return Holder(object=path.object, balanced=bool(path.of_kind("loadbalancer")))
    beside = any(_near(address, one) for one in dns_addresses)
    return Holder(gone=gap is None and (bool(path.absent) or beside), gap=gap)


def _near(address: str, other: str) -> bool:
    """The same /16 (IPv4), /108 (IPv6): the usual size of a Service range, as far as one address tells it."""
    try:
        one, two = ip_address(address), ip_address(other)
    except ValueError:
        return False
    shift = 16 if one.version == 4 else 20
    return one.version == two.version and int(one) >> shift == int(two) >> shift


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
    return {name.strip().rstrip(".") for text in texts for name in text.split(",") if name.strip()}
