"""The two ends of every connection on the path: who calls, who is called, and who is asked for names."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Iterable
from typing import TypeVar

import msgspec

from netdoc.api import Cluster, Gap, Hop, ObjectRef, Source, Subject, kube
from netdoc_checks.cluster_dns import PLACES
from netdoc_checks.policy.seen import Called, Caller

T = TypeVar("T")

HOME = "kube-system"
NODE_LOCAL_ADDRESS = "169.254.20.10"  # where NodeLocal DNSCache listens (kubernetes/enhancements, KEP-1024)
NAMED = frozenset({"Service", "URL", "Host"})  # targets that callers know by a name


class Resolvers(msgspec.Struct, frozen=True):
    """Who answers for names. `gap`: it could not be read."""

    called: tuple[Called, ...] = ()
    gap: Gap | None = None


async def each(work: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*work))


async def callers_of(cluster: Cluster, subject: Subject) -> tuple[Caller, ...]:
    found = await each(_of_source(cluster, source) for source in subject.path.sources)
    return tuple(caller for callers in found for caller in callers)


async def _of_source(cluster: Cluster, source: Source) -> list[Caller]:
    """The pods that stand for a source; a node calls by its addresses, an address as itself."""
    kind = source.spec.kind
    pods = await each(cluster.get(kube.Pod, ref.name, ref.namespace) for ref in source.pods)
    found = [Caller(source.hop, kind, pod=pod) for pod in pods if isinstance(pod, kube.Pod)]
    if source.pods:
        return found
    found += [Caller(source.hop, kind, address=address) for address in source.addresses]
    return found or ([Caller(source.hop, kind)] if kind in ("Internet", "Here") else [])


async def called_of(cluster: Cluster, subject: Subject) -> tuple[Called, ...]:
    """Each endpoint with its own port; a pod that is the target itself on the ports asked of it; what is outside."""
    if _is_loopback(subject.path.target.host):
        return ()  # a pod asks itself: no policy sees what does not leave it
    path = subject.path
    behind = {id_: hop for hop in path.of_kind("service") for id_ in hop.next}
    found: list[Called] = []
    for hop in path.of_kind("endpoint"):
        service = behind.get(hop.id)
        if hop.port is not None and service is not None:
            found.append(await _endpoint(cluster, hop, service))
    reached = {id_ for hop in path.hops if hop.kind in ("endpoint", "service") for id_ in hop.next}
    for hop in path.of_kind("pod"):
        if hop.id not in reached:
            pod = await _pod(cluster, hop.object)
            found += [Called(hop.id, port, protocol, pod) for port, protocol in _asked(pod, hop.port, subject)]
    return (*found, *_outside(subject))


async def _endpoint(cluster: Cluster, hop: Hop, service: Hop) -> Called:
    pod = await _pod(cluster, hop.object)
    return Called(
        hop.id,
        hop.port or 0,
        hop.protocol,
        pod,
        hop.addresses[0] if hop.addresses and pod is None else "",
        service.object,
        service.port,
        families=tuple(sorted({ipaddress.ip_address(one).version for one in hop.addresses})),
    )


def _outside(subject: Subject) -> Iterable[Called]:
    """Addresses outside, and nodes, that are called by a port that is known."""
    if any(one.what in ("target", "namespace") for one in subject.path.absent):
        return  # a name that nearly is one of the cluster's stands for nothing outside either
    asked = subject.path.target.port
    port = asked.number if asked is not None else None
    led = {id_ for kind in ("client", "service") for hop in subject.path.of_kind(kind) for id_ in hop.next}
    unread = {one.hop for one in subject.path.unread}  # perhaps a name of the cluster: nothing is known of it
    for hop in subject.path.hops:
        number = hop.port or port
        if hop.kind in ("external", "node") and hop.id in led - unread and number is not None:
            protocol = (asked.protocol if asked else None) or hop.protocol
            yield from (Called(hop.id, number, protocol, None, address) for address in hop.addresses or ("",))


async def _pod(cluster: Cluster, ref: ObjectRef | None) -> kube.Pod | None:
    if ref is None or ref.kind != "Pod":
        return None
    found = await cluster.get(kube.Pod, ref.name, ref.namespace)
    return found if isinstance(found, kube.Pod) else None


def _asked(pod: kube.Pod | None, port: int | None, subject: Subject) -> list[tuple[int, str]]:
    """The port asked for, else every port that the pod declares."""
    asked = subject.path.target.port
    if port is not None:
        return [(port, (asked.protocol if asked else None) or "TCP")]
    declared = [one for container in pod.serving_containers for one in container.ports] if pod else []
    return list(dict.fromkeys((one.container_port, one.protocol) for one in declared))


async def resolvers_of(cluster: Cluster, subject: Subject) -> Resolvers:
    """Who answers for the target's name where it has one: the node's cache where there is one, else cluster DNS."""
    pods = [source for source in subject.path.sources if source.pods]
    if subject.path.target.kind not in NAMED or not pods:
        return Resolvers()
    hop = pods[0].hop
    service = await _dns_service(cluster)
    if isinstance(service, Gap):
        return Resolvers(gap=service)
    if service is None or subject.path.object == service.ref:
        return Resolvers()
    caches = await cluster.list(kube.Pod, HOME, labels="k8s-app=node-local-dns")
    if any(not pod.finished for pod in caches.items):
        return Resolvers(tuple(_cache(hop, service)))
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    listing = await cluster.list(kube.Pod, service.namespace, labels=labels)
    servers = [pod for pod in listing.items if not pod.finished]
    return Resolvers(tuple(_servers(hop, service, servers)), None if listing.complete else listing.gap)


async def _dns_service(cluster: Cluster) -> kube.Service | Gap | None:
    """The Service of cluster DNS; the first refusal where none was found."""
    found = await each(cluster.get(kube.Service, name, namespace) for namespace, name in PLACES)
    services = [one for one in found if isinstance(one, kube.Service)]
    gaps = [one for one in found if isinstance(one, Gap)]
    return services[0] if services else gaps[0] if gaps else None


def _cache(hop: str, service: kube.Service) -> Iterable[Called]:
    """The cache listens on its own address, and before iptables on that of cluster DNS too."""
    for address in (NODE_LOCAL_ADDRESS, *service.cluster_addresses):
        for protocol in ("UDP", "TCP"):
            yield Called(hop, 53, protocol, None, address, service.ref, 53, "node-local")


def _servers(hop: str, service: kube.Service, pods: Iterable[kube.Pod]) -> Iterable[Called]:
    for pod in pods:
        for port in service.spec.ports:
            number = _number(port, pod)
            if port.port == 53 and number is not None:
                yield Called(hop, number, port.protocol, pod, "", service.ref, port.port, "dns")


def _number(port: kube.ServicePort, pod: kube.Pod) -> int | None:
    if not isinstance(port.target_port, str):
        return port.target_port or port.port
    declared = (one for container in pod.serving_containers for one in container.ports)
    return next((o.container_port for o in declared if (o.name, o.protocol) == (port.target_port, port.protocol)), None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
