"""Measures in the source's containers: the name by their own libc and by questions to its nameservers, each endpoint
and the Service by connections."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from netdoc.api import (
    Cluster,
    Gap,
    Hop,
    Measurement,
    ObjectRef,
    Ports,
    Source,
    Subject,
    Vantage,
    kube,
    parse_target,
    policy,
    resolve,
)
from netdoc_checks.cluster_dns import dns_service
from netdoc_checks.connect.questions import (
    QUICK,
    STALL,
    Names,
    ask,
    conf_of,
    forwarded,
    full_name,
    names_of,
    pair_of,
    resolvers_of,
    served_domain,
    stalling,
    steps_of,
    suspicious,
)
from netdoc_checks.connect.seen import Caller, Conf, Lookup, Resolver, Row, Seen, Server, Tunnel
from netdoc_checks.families import within_families
from netdoc_checks.owners import topmost
from netdoc_checks.policy import CHECK as POLICY

MOST_CALLERS = 3
MOST_ENDPOINTS = 64
MOST_DNS_PODS = 6
MOST_ADDRESSES = 4  # of a name outside
CONNECTED = ("service", "endpoint", "pod", "external")
LIBC = 12.0  # seconds for a lookup; libc itself may wait for minutes
PATIENT, BRISK = 2.0, 1.6  # seconds of one try; brisk where each place is tried often
"""Longer than a second, when a SYN is sent again (RFC 6298): a full accept queue for a moment is no loss."""
HOME = "kube-system"
SERVICE_LABEL = "kubernetes.io/service-name"
ALWAYS = "kubernetes.default.svc"


async def observe(ports: Ports, subject: Subject) -> Seen:
    cluster = ports.cluster
    found = await dns_service(cluster)
    dns = found if isinstance(found, kube.Service) else None
    config = await cluster.get(kube.ConfigMap, "coredns", HOME)
    pods = await _dns_pods(ports, dns)
    seen = Seen(
        subject=subject,
        asked=ports.vantages.allowed("exec"),
        dns=dns,
        dns_owner=await topmost(cluster, pods[0]) if pods else None,
        config=config if isinstance(config, kube.ConfigMap) else None,
    )
    callers, tunnels, seen = await asyncio.gather(
        _callers(ports, seen, pods), _tunnels(ports, seen, pods), _answered_from(cluster, seen)
    )
    return msgspec.structs.replace(seen, callers=callers, tunnels=tunnels)


async def _answered_from(cluster: Cluster, seen: Seen) -> Seen:
    """The Service whose name is looked up, and what stands behind it: cluster DNS answers from these."""
    ref = seen.subject.path.object
    if ref is None or ref.kind != "Service":
        return seen
    service, slices, namespace = await asyncio.gather(
        cluster.get(kube.Service, ref.name, ref.namespace),
        cluster.list(kube.EndpointSlice, ref.namespace, labels=f"{SERVICE_LABEL}={ref.name}"),
        cluster.get(kube.Namespace, ref.namespace),
    )
    return msgspec.structs.replace(
        seen,
        service=service if isinstance(service, kube.Service) else None,
        slices=slices,
        namespace=namespace if isinstance(namespace, kube.Namespace) else None,
    )


# The source


async def _callers(ports: Ports, seen: Seen, servers: Sequence[kube.Pod]) -> tuple[Caller, ...]:
    chosen = [(ref, source) for source in seen.subject.path.sources for ref in source.pods][:MOST_CALLERS]
    if not chosen or not seen.asked:
        return ()
    policies = await POLICY.observe(ports, seen.subject)
    found = await asyncio.gather(*(_caller(ports, seen, ref, source, policies, servers) for ref, source in chosen))
    return tuple(one for one in found if one is not None)


async def _caller(
    ports: Ports, seen: Seen, ref: ObjectRef, source: Source, policies: Any, servers: Sequence[kube.Pod]
) -> Caller | None:
    pod = await ports.cluster.get(kube.Pod, ref.name, ref.namespace)
    if not isinstance(pod, kube.Pod) or not pod.spec.containers:
        return None
    vantage = ports.vantages.inside(pod.ref, pod.spec.containers[0].name)
    caller = Caller(pod=pod, hop=source.hop, owner=await topmost(ports.cluster, pod), vantage=vantage.name)
    name, places = _name(seen.subject), _places(seen.subject, source)
    named, rows = await asyncio.gather(
        _named(caller, vantage, name, seen, policies, servers),
        _rows(ports.cluster, vantage, pod, places, seen.subject, policies),
    )
    if isinstance(rows, Gap):
        return msgspec.structs.replace(named, gap=rows)
    answered = await _answered(ports.cluster, seen.subject, source, pod, named.lookup)
    outside = await _rows(ports.cluster, vantage, pod, answered, seen.subject, policies)
    if isinstance(outside, Gap):
        return msgspec.structs.replace(named, rows=rows, gap=outside)
    return msgspec.structs.replace(named, rows=rows + outside)


async def _named(
    caller: Caller, vantage: Vantage, name: str, seen: Seen, policies: Any, servers: Sequence[kube.Pod]
) -> Caller:
    """The name, by the container's own libc and by questions to its nameservers."""
    if not name:
        return caller
    async with asyncio.TaskGroup() as group:  # libc may be long about it
        looking = group.create_task(_lookup(vantage, name, seen.subject.repeat))
        asking = group.create_task(_resolvers(vantage, name, looking, seen))
    lookup, (conf, names, resolvers) = looking.result(), asking.result()
    caller = msgspec.structs.replace(caller, lookup=lookup, conf=conf, resolvers=resolvers)
    resolver = caller.resolver
    if resolver is None or resolver.name.gap is not None:
        return caller
    if suspicious(lookup, resolver):
        caller = await _closely(caller, resolver, lookup, names, vantage, servers, policies)
    if _astray(lookup, resolver):
        caller = msgspec.structs.replace(caller, steps=await steps_of(vantage, lookup))
    if resolver.upstream is not None and resolver.cluster and servers:
        caller = msgspec.structs.replace(caller, shut=_shut(policies, servers[0], names, seen.corefile))
    return caller


def _shut(policies: Any, server: kube.Pod, names: Names, text: str | None) -> tuple[str, ...]:
    """The upstreams of a name to which policies let the DNS pod send nothing."""
    forward = forwarded(names.full.rstrip("."), text)[1]
    if forward is None:
        return ()
    return tuple(
        one.address
        for one in forward.upstreams
        if one.address and one.port.isdecimal()
        if _admitted(
            policies,
            server,
            one.address,
            int(one.port),
            "TCP" if forward.force_tcp or one.transport != "dns" else "UDP",
        )
        is False
    )


async def _closely(
    caller: Caller,
    resolver: Resolver,
    lookup: Lookup,
    names: Names,
    vantage: Vantage,
    servers: Sequence[kube.Pod],
    policies: Any,
) -> Caller:
    """Each DNS pod; and where single questions are answered and libc's are not, pairs of questions, and AAAA."""
    asked = _servers(caller.pod, vantage, resolver, servers, policies)
    if not stalling(lookup, resolver):
        return msgspec.structs.replace(caller, servers=await asked)
    found, pair, six = await asyncio.gather(
        asked,
        pair_of(vantage, resolver.address, names.domain),
        ask(vantage, resolver.address, names.full, "AAAA"),
    )
    told = msgspec.structs.replace(resolver, six=six)
    resolvers = tuple(told if one is resolver else one for one in caller.resolvers)
    return msgspec.structs.replace(caller, servers=found, pair=pair, resolvers=resolvers)


async def _resolvers(
    vantage: Vantage, name: str, looking: asyncio.Task[Lookup], seen: Seen
) -> tuple[Conf, Names, tuple[Resolver, ...]]:
    """Where resolv.conf cannot be read by itself it comes with the lookup."""
    told = await conf_of(vantage)
    conf = (await looking).conf if isinstance(told, Gap) else told
    names = names_of(seen.subject, name, conf, seen.corefile)
    own = seen.dns.cluster_addresses if seen.dns is not None else ()
    return conf, names, await resolvers_of(vantage, conf, names, own, seen.subject.repeat)


async def _lookup(vantage: Vantage, name: str, repeat: int) -> Lookup:
    """Once, and then as often as is wanted, unless libc already lost its patience: that says it all."""

    async def tried(often: int) -> dict[str, Any] | Gap:
        given = {"name": name, "repeat": often, "timeout": LIBC}
        return await vantage.measure(Measurement(kind="getaddrinfo", parameters=given))

    first = Lookup(name, await tried(1))
    if repeat < 2 or isinstance(first.result, Gap) or any(float(one.get("ms", 0)) >= STALL for one in first.tries):
        return first
    again = Lookup(name, await tried(max(2, repeat - 1)))  # what was asked before is not measured again
    return Lookup(name, {**first.result, "tries": [*first.tries, *again.tries]})


def _astray(lookup: Lookup, resolver: Resolver) -> bool:
    """The full name has addresses, and libc came to none of them: the search list led elsewhere."""
    right = resolver.name.addresses
    nowhere = any(one["failure"]["kind"] in ("not-found", "no-address") for one in lookup.failed)
    return bool(right) and (nowhere or bool(lookup.addresses)) and not right & lookup.addresses


async def _servers(
    pod: kube.Pod, vantage: Vantage, resolver: Resolver, servers: Sequence[kube.Pod], policies: Any
) -> tuple[Server, ...]:
    """Each DNS pod at its own address. Of another nameserver than cluster DNS nothing is known behind it."""
    chosen = [one for one in servers if one.addresses][:MOST_DNS_PODS] if resolver.cluster else []
    told = await asyncio.gather(
        *(
            ask(vantage, one.addresses[0], resolver.name.name, repeat=3, seconds=QUICK, port=_dns_port(one, "dns"))
            for one in chosen
        )
    )
    return tuple(
        Server(one, asked, _admitted(policies, pod, one, _dns_port(one, "dns"), "UDP"))
        for one, asked in zip(chosen, told, strict=True)
    )


def _name(subject: Subject) -> str:
    """The name as typed; of a Service the one that every pod with a search list can resolve."""
    target, object_ = subject.path.target, subject.path.object
    if target.host:
        return "" if re.fullmatch(r"[0-9.]+|.*:.*", target.host) else target.host
    if target.kind == "Service" and object_ is not None and object_.kind == "Service":
        return f"{object_.name}.{object_.namespace}.svc"
    return ""


def _places(subject: Subject, source: Source) -> list[tuple[Hop, str, int]]:
    """Every place behind this source that a TCP connection can be made to, the Service's own addresses among them."""
    reached = subject.path.downstream(source.hop)
    chosen = [hop for hop in subject.path.hops if hop.id in reached and hop.kind in CONNECTED]
    behind = {id_ for hop in chosen if hop.kind == "endpoint" for id_ in subject.path.downstream(hop.id)}
    return [
        (hop, address, hop.port)
        for hop in chosen
        for address in hop.addresses[:1]
        if hop.port and hop.protocol == "TCP" and hop.id not in behind
    ][:MOST_ENDPOINTS]


async def _answered(
    cluster: Cluster, subject: Subject, source: Source, pod: kube.Pod, lookup: Lookup | None
) -> list[tuple[Hop, str, int]]:
    """What lies outside by a name is tried at each address that the name is answered with and the pod has a way to.

    The address may be a Service's of this very cluster, its load balancer's: that is what stands behind it then.
    """
    reached = subject.path.downstream(source.hop)
    addresses = within_families(pod, sorted(lookup.addresses))[:MOST_ADDRESSES] if lookup is not None else ()
    places = [
        (hop, address, hop.port)
        for hop in subject.path.of_kind("external")
        for address in addresses
        if hop.id in reached and not hop.addresses and hop.port and hop.protocol == "TCP"
    ]
    paths = await asyncio.gather(*(resolve(cluster, parse_target(address)) for _, address, _ in places))
    behind = [path.object for path in paths]
    return [
        (msgspec.structs.replace(hop, object=ref), address, port)
        for (hop, address, port), ref in zip(places, behind, strict=True)
    ]


async def _rows(
    cluster: Cluster, vantage: Any, pod: kube.Pod, places: list[tuple[Hop, str, int]], subject: Subject, policies: Any
) -> tuple[Row, ...] | Gap:
    if not places:
        return ()
    result = await vantage.measure(
        Measurement(
            kind="tcp",
            parameters={
                "endpoints": [{"address": address, "port": port} for _, address, port in places],
                "repeat": subject.repeat,
                "timeout": PATIENT if subject.repeat <= 3 else BRISK,
            },
        )
    )
    if isinstance(result, Gap):
        return result
    tries = {(one["address"], one["port"]): tuple(one["tries"]) for one in result["endpoints"]}
    owners = await asyncio.gather(*(_owner(cluster, hop) for hop, _, _ in places))
    return tuple(
        Row(hop, address, port, tries.get((address, port), ()), _allowed(pod, hop, address, port, policies), owner)
        for (hop, address, port), owner in zip(places, owners, strict=True)
    )


async def _owner(cluster: Cluster, hop: Hop) -> ObjectRef | None:
    if hop.object is None or hop.object.kind != "Pod":
        return hop.object
    pod = await cluster.get(kube.Pod, hop.object.name, hop.object.namespace)
    return await topmost(cluster, pod) if isinstance(pod, kube.Pod) else hop.object


def _allowed(pod: kube.Pod, hop: Hop, address: str, port: int, policies: Any) -> bool | None:
    """The verdict for an endpoint; of a Service's own address policies say nothing: they see its endpoints."""
    ref = hop.object
    if ref is not None and ref.kind == "Service":
        return None
    return _admitted(policies, pod, ref if ref is not None and ref.kind == "Pod" else address, port, "TCP")


def _admitted(policies: Any, pod: kube.Pod, there: ObjectRef | kube.Pod | str, port: int, protocol: str) -> bool | None:
    """Whether the policies let the pod send there; None where that is not known."""
    if policies.gaps:
        return None
    try:
        source = policies.policies.pod(pod.namespace, pod.name)
        if isinstance(there, str):
            destination = policies.policies.address(there)
        else:
            destination = policies.policies.pod(there.namespace, there.name)
    except (policy.UnknownEnd, ValueError):
        return None
    return policy.evaluate(policies.policies, source, destination, port, protocol).allowed


# Cluster DNS, each pod by itself


async def _dns_pods(ports: Ports, service: kube.Service | None) -> tuple[kube.Pod, ...]:
    """The running pods behind the DNS Service; read only where one of them may be asked."""
    asked = any(ports.vantages.allowed(one) for one in ("exec", "port-forward"))
    if service is None or not asked or not service.spec.selector:
        return ()
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    listing = await ports.cluster.list(kube.Pod, service.namespace, labels=labels)
    return tuple(pod for pod in listing.items if pod.status.phase == "Running" and not pod.metadata.deletion_timestamp)


async def _tunnels(ports: Ports, seen: Seen, pods: Sequence[kube.Pod]) -> tuple[Tunnel, ...]:
    """Each asked for the Service's own name, or one that is always there."""
    if not ports.vantages.allowed("port-forward"):
        return ()
    domain, ref = served_domain(seen.corefile), seen.subject.path.object
    name = full_name(ref, domain) if ref is not None and ref.kind == "Service" else f"{ALWAYS}.{domain}."
    return tuple(await asyncio.gather(*(_tunnel(ports, pod, name) for pod in pods)))


async def _tunnel(ports: Ports, pod: kube.Pod, name: str) -> Tunnel:
    vantage = ports.vantages.through(pod.ref, _dns_port(pod, "dns-tcp"))
    asked = Measurement(kind="dns", parameters={"name": name, "timeout": 5.0, "retries": 1})
    return Tunnel(pod, vantage.name, name, await vantage.measure(asked))


def _dns_port(pod: kube.Pod, name: str) -> int:
    """The port that the pod declares under this name; 53, unless (OpenShift has 5353)."""
    declared = [one.container_port for box in pod.serving_containers for one in box.ports if one.name == name]
    return declared[0] if declared else 53
