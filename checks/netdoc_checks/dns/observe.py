"""Reads cluster DNS: its Service, endpoints, pods and configuration; more only where something is not as it should.

A healthy cluster costs eight requests, most of which other checks make too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

import msgspec

from netdoc.api import (
    Cluster,
    Finding,
    Gap,
    Listing,
    ObjectRef,
    Ports,
    Subject,
    Unjudged,
    corefile,
    kube,
    parse_target,
    resolve,
)
from netdoc_checks.cluster_dns import dns_service
from netdoc_checks.dns.running import changed_at
from netdoc_checks.dns.seen import HOME, Client, NodeLocal, Seen, Server
from netdoc_checks.endpoints import CHECK as ENDPOINTS
from netdoc_checks.owners import topmost

BY_ADDRESS = ("IP", "Pod", "Node", "Deployment", "DaemonSet", "ReplicaSet", "Job", "CronJob")
"""Targets that are no names: their pods and nodes are called by address."""

SERVICE_LABEL = "kubernetes.io/service-name"
"""Where installers put cluster DNS (kubeadm and most others; Helm's chart; RKE2; OpenShift)."""
LABELS = "k8s-app in (kube-dns,coredns)"
NODE_LOCAL = "k8s-app=node-local-dns"
MOST_CLIENTS = 12
MOST_LOGS = 2
LOG_LINES = 200
_DOMAIN = re.compile(r"(?m)^\s*(?:clusterDomain|dnsDomain):\s*\"?([a-z0-9.-]+)\"?\s*$")


async def observe(ports: Ports, subject: Subject) -> Seen:
    hops = _hops(subject)
    if not hops or not _by_name(subject):
        return Seen(subject=subject, asked=False)
    cluster = ports.cluster
    clients, server = await asyncio.gather(_clients(cluster, subject), _server(ports, subject))
    node_local, holders, told = await asyncio.gather(
        _node_local(cluster, clients), _holders(cluster, clients, server), _domain(cluster, subject, server)
    )
    return Seen(
        subject=subject,
        hops=hops,
        clients=clients,
        server=server,
        node_local=node_local,
        holders=holders,
        domain=told[0],
        told_by=told[1],
    )


def _by_name(subject: Subject) -> bool:
    """Whether a name is looked up: a target by address needs none."""
    target = subject.path.target
    return target.kind not in BY_ADDRESS and not _is_address(target.host)


def _is_address(host: str) -> bool:
    return bool(host) and (":" in host or bool(re.fullmatch(r"[0-9.]+", host)))


def _hops(subject: Subject) -> tuple[str, ...]:
    """The callers that ask cluster DNS: pods, and any client of the cluster."""
    return tuple(one.hop for one in subject.path.sources if one.pods or one.spec.kind == "Any")


async def _clients(cluster: Cluster, subject: Subject) -> tuple[Client, ...]:
    chosen = [(ref, source.hop) for source in subject.path.sources for ref in source.pods][:MOST_CLIENTS]
    pods = await asyncio.gather(*(cluster.get(kube.Pod, ref.name, ref.namespace) for ref, _ in chosen))
    found = [(pod, hop) for pod, (_, hop) in zip(pods, chosen, strict=True) if isinstance(pod, kube.Pod)]
    owners = await asyncio.gather(*(topmost(cluster, pod) for pod, _ in found))
    return tuple(Client(pod, hop, owner) for (pod, hop), owner in zip(found, owners, strict=True))


# The server


async def _server(ports: Ports, subject: Subject) -> Server:
    cluster = ports.cluster
    service, config = await asyncio.gather(dns_service(cluster), cluster.get(kube.ConfigMap, "coredns", HOME))
    if not isinstance(service, kube.Service):
        return await _without_service(cluster, service, config)
    if subject.path.object == service.ref:  # the target itself: the check `endpoints` speaks of it
        return Server(service=service, config=config)
    slices, pods = await asyncio.gather(
        cluster.list(kube.EndpointSlice, service.namespace, labels=f"{SERVICE_LABEL}={service.name}"),
        _selected(cluster, service),
    )
    server = Server(service=service, slices=slices, pods=pods, config=config)
    server = msgspec.structs.replace(server, spoken=await _spoken(cluster, server))
    return server if _well(server) else await _looked_into(ports, subject, server)


async def _selected(cluster: Cluster, service: kube.Service) -> Listing[kube.Pod]:
    if not service.spec.selector:
        return Listing()
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    return await cluster.list(kube.Pod, service.namespace, labels=labels)


async def _without_service(cluster: Cluster, service: Gap | None, config: kube.ConfigMap | Gap | None) -> Server:
    """Whether there is a server all the same: what cannot be seen at all is managed by somebody else."""
    pods = await cluster.list(kube.Pod, HOME, labels=LABELS)
    workload = await topmost(cluster, pods.items[0]) if pods.items else await _deployment(cluster)
    return Server(service=service, pods=pods, config=config, workload=workload)


async def _deployment(cluster: Cluster) -> ObjectRef | None:
    found = await cluster.get(kube.Deployment, "coredns", HOME)
    return found.ref if isinstance(found, kube.Deployment) else None


def _well(server: Server) -> bool:
    """Every pod is ready and listed, and there is one. Hand-kept endpoints have no pods."""
    service = server.service
    assert isinstance(service, kube.Service)
    if not server.slices.complete or not server.pods.complete:
        return True  # nothing is concluded from a part; the gap is told
    if not service.spec.selector:
        return server.serving > 0
    return 0 < len(server.living) <= server.serving and _port_of(service) and _named_ports(service, server)


def _port_of(service: kube.Service) -> bool:
    return any(one.port == 53 and one.protocol == "UDP" for one in service.spec.ports)


def _named_ports(service: kube.Service, server: Server) -> bool:
    """Whether every port of the Service has a slice that carries it."""
    carried = {(port.name, port.protocol) for one in server.slices.items for port in one.ports or ()}
    return all((one.name, one.protocol) in carried for one in service.spec.ports)


async def _looked_into(ports: Ports, subject: Subject, server: Server) -> Server:
    """Asks the check `endpoints` what is wrong with the DNS Service, and the failing pods what they said last."""
    service = server.service
    assert isinstance(service, kube.Service)
    path = await resolve(ports.cluster, parse_target(f"{service.namespace}/service/{service.name}"))
    about = msgspec.structs.replace(subject, path=path)
    judgements = tuple(ENDPOINTS.judge(await ENDPOINTS.observe(ports, about)))
    pods = server.pods.items or (await ports.cluster.list(kube.Pod, service.namespace, labels=LABELS)).items
    return msgspec.structs.replace(
        server,
        troubles=tuple(one for one in judgements if isinstance(one, Finding)),
        unjudged=tuple(one for one in judgements if isinstance(one, Unjudged)),
        workload=await topmost(ports.cluster, pods[0]) if pods else await _deployment(ports.cluster),
        logs=await _logs(ports.cluster, server.living),
    )


async def _logs(cluster: Cluster, pods: Iterable[kube.Pod]) -> dict[str, str]:
    """What a container that ended wrote before it did; of one that runs and is not ready, what it writes."""
    found: dict[str, str] = {}
    failing = [pod for pod in pods if not all(one.ready for one in pod.status.container_statuses)]
    for pod in failing[:MOST_LOGS]:
        for one in pod.status.container_statuses:
            ended = one.last_state.terminated is not None
            text = await cluster.log(pod.ref, one.name, previous=ended)
            if isinstance(text, str):
                found[pod.name] = text
    return found


async def _spoken(cluster: Cluster, server: Server) -> dict[str, str]:
    """What pods that serve write of their configuration, where it may be another than the ConfigMap's."""
    config = server.config
    if not isinstance(config, kube.ConfigMap) or "Corefile" not in config.data:
        return {}
    refused = corefile.digest(config.data["Corefile"]) is None
    changed = changed_at(config)
    found: dict[str, str] = {}
    for pod in [one for one in server.living if all(box.ready for box in one.status.container_statuses)][:MOST_LOGS]:
        started = pod.metadata.creation_timestamp
        if refused or (changed is not None and started is not None and started < changed):
            text = await cluster.log(pod.ref, pod.spec.containers[0].name, lines=LOG_LINES)
            if isinstance(text, str):
                found[pod.name] = text
    return found


# Around it


async def _node_local(cluster: Cluster, clients: tuple[Client, ...]) -> NodeLocal | None:
    """The node-local cache on the callers' nodes; None where it is not installed."""
    nodes = {client.pod.spec.node_name for client in clients} - {""}
    if not nodes:
        return None
    listing = await cluster.list(kube.Pod, HOME, labels=NODE_LOCAL)
    if not listing.items:
        return None
    config = await cluster.get(kube.ConfigMap, "node-local-dns", HOME)
    pods = {node: tuple(pod for pod in listing.items if pod.spec.node_name == node) for node in nodes}
    return NodeLocal(pods=pods, config=config if isinstance(config, kube.ConfigMap) else None)


async def _holders(cluster: Cluster, clients: tuple[Client, ...], server: Server) -> dict[str, ObjectRef | Gap | None]:
    """Who has the addresses that the callers' own dnsConfig names and that are not cluster DNS."""
    named = {
        one
        for client in clients
        if client.pod.spec.dns_config is not None
        for one in client.pod.spec.dns_config.nameservers
    }
    others = sorted(named - set(server.addresses))
    found = await asyncio.gather(*(_holder(cluster, one) for one in others))
    return dict(zip(others, found, strict=True))


async def _holder(cluster: Cluster, address: str) -> ObjectRef | Gap | None:
    """The Service or pod with this address, by field selectors that the API server knows."""
    services = await cluster.list(kube.Service, fields=f"spec.clusterIP={address}")
    pods = await cluster.list(kube.Pod, fields=f"status.podIP={address}")
    for listing in (services, pods):
        if listing.items:
            return listing.items[0].ref
    return next((one.gap for one in (services, pods) if one.gap is not None and one.gap.blocking), None)


async def _domain(cluster: Cluster, subject: Subject, server: Server) -> tuple[str, str]:
    """The domain that pods search: as typed, or as the kubelets are configured. Read only where it is in doubt."""
    host = subject.path.target.host.rstrip(".")
    if ".svc." in host:
        return host.partition(".svc.")[2], f"{host} was asked for"
    config = server.config
    if not isinstance(config, kube.ConfigMap) or "cluster.local" in config.data.get("Corefile", "cluster.local"):
        return "", ""
    for name in ("kubelet-config", "kubeadm-config"):
        found = await cluster.get(kube.ConfigMap, name, HOME)
        text = "\n".join(found.data.values()) if isinstance(found, kube.ConfigMap) else ""
        if (match := _DOMAIN.search(text)) is not None:
            return match[1], f"ConfigMap {name}"
    return "", ""
