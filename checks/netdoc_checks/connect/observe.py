"""Measures in the source's containers: the name by their own libc, each endpoint and the Service by connections."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from netdoc.api import Cluster, Gap, Hop, Measurement, ObjectRef, Ports, Source, Subject, kube, policy
from netdoc_checks.connect.seen import Caller, Lookup, Row, Seen, Tunnel
from netdoc_checks.owners import topmost
from netdoc_checks.policy import CHECK as POLICY

MOST_CALLERS = 3
MOST_ENDPOINTS = 64
PATIENT, BRISK = 2.0, 1.0  # seconds of one try; brisk where each place is tried often
BY_NAME = ("Service", "URL", "Host")
HOME = "kube-system"
PROBE_NAME = "kubernetes.default.svc.cluster.local."


async def observe(ports: Ports, subject: Subject) -> Seen:
    cluster = ports.cluster
    dns = await cluster.get(kube.Service, "kube-dns", HOME)
    config = await cluster.get(kube.ConfigMap, "coredns", HOME)
    callers, tunnels = await asyncio.gather(_callers(ports, subject), _tunnels(ports, dns))
    return Seen(
        subject=subject,
        asked=ports.vantages.allowed("exec"),
        callers=callers,
        tunnels=tunnels,
        dns=dns if isinstance(dns, kube.Service) else None,
        dns_owner=await topmost(cluster, tunnels[0].pod) if tunnels else None,
        config=config if isinstance(config, kube.ConfigMap) else None,
    )


# The source


async def _callers(ports: Ports, subject: Subject) -> tuple[Caller, ...]:
    chosen = [(ref, source) for source in subject.path.sources for ref in source.pods][:MOST_CALLERS]
    if not chosen or not ports.vantages.allowed("exec"):
        return ()
    policies = await POLICY.observe(ports, subject)
    found = await asyncio.gather(*(_caller(ports, subject, ref, source, policies) for ref, source in chosen))
    return tuple(one for one in found if one is not None)


async def _caller(ports: Ports, subject: Subject, ref: ObjectRef, source: Source, policies: Any) -> Caller | None:
    pod = await ports.cluster.get(kube.Pod, ref.name, ref.namespace)
    if not isinstance(pod, kube.Pod) or not pod.spec.containers:
        return None
    vantage = ports.vantages.inside(pod.ref, pod.spec.containers[0].name)
    name, places = _name(subject), _places(subject, source)
    owner = await topmost(ports.cluster, pod)
    lookup = None
    if name:
        asked = Measurement(kind="getaddrinfo", parameters={"name": name, "repeat": subject.repeat})
        lookup = Lookup(name, await vantage.measure(asked))
    rows = await _rows(ports.cluster, vantage, pod, places, subject, policies) if places else ()
    gap = rows if isinstance(rows, Gap) else None
    return Caller(
        pod=pod,
        hop=source.hop,
        owner=owner,
        vantage=vantage.name,
        lookup=lookup,
        rows=() if isinstance(rows, Gap) else rows,
        gap=gap,
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
    chosen = [hop for hop in subject.path.hops if hop.id in reached and hop.kind in ("service", "endpoint", "pod")]
    behind = {id_ for hop in chosen if hop.kind == "endpoint" for id_ in subject.path.downstream(hop.id)}
    return [
        (hop, address, hop.port)
        for hop in chosen
        for address in hop.addresses[:1]
        if hop.port and hop.protocol == "TCP" and hop.id not in behind
    ][:MOST_ENDPOINTS]


async def _rows(
    cluster: Cluster, vantage: Any, pod: kube.Pod, places: list[tuple[Hop, str, int]], subject: Subject, policies: Any
) -> tuple[Row, ...] | Gap:
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
        Row(hop, address, port, tries.get((address, port), ()), _allowed(pod, hop, port, policies), owner)
        for (hop, address, port), owner in zip(places, owners, strict=True)
    )


async def _owner(cluster: Cluster, hop: Hop) -> ObjectRef | None:
    if hop.object is None or hop.object.kind != "Pod":
        return hop.object
    pod = await cluster.get(kube.Pod, hop.object.name, hop.object.namespace)
    return await topmost(cluster, pod) if isinstance(pod, kube.Pod) else hop.object


def _allowed(pod: kube.Pod, hop: Hop, port: int, policies: Any) -> bool | None:
    """The verdict for an endpoint; of a Service's own address policies say nothing: they see its endpoints."""
    if hop.kind == "service" or policies.gaps:
        return None
    try:
        source = policies.policies.pod(pod.namespace, pod.name)
        ref = hop.object
        if ref is not None and ref.kind == "Pod":
            destination = policies.policies.pod(ref.namespace, ref.name)
        else:
            destination = policies.policies.address(hop.addresses[0])
    except (policy.UnknownEnd, ValueError, IndexError):
        return None
    return policy.evaluate(policies.policies, source, destination, port, "TCP").allowed


# Cluster DNS, each pod by itself


async def _tunnels(ports: Ports, service: kube.Service | Gap | None) -> tuple[Tunnel, ...]:
    asked = isinstance(service, kube.Service) and ports.vantages.allowed("port-forward")
    if not asked or not isinstance(service, kube.Service) or not service.spec.selector:
        return ()
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    listing = await ports.cluster.list(kube.Pod, service.namespace, labels=labels)
    running = [pod for pod in listing.items if pod.status.phase == "Running" and not pod.metadata.deletion_timestamp]
    return tuple(await asyncio.gather(*(_tunnel(ports, pod) for pod in running)))


async def _tunnel(ports: Ports, pod: kube.Pod) -> Tunnel:
    declared = [one.container_port for box in pod.serving_containers for one in box.ports if one.name == "dns-tcp"]
    vantage = ports.vantages.through(pod.ref, declared[0] if declared else 53)
    asked = Measurement(kind="dns", parameters={"name": PROBE_NAME, "timeout": 5.0, "retries": 1})
    return Tunnel(pod, vantage.name, await vantage.measure(asked))
