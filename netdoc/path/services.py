"""The hops of a Service: its ports, the endpoints behind each, their pods and nodes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from netdoc.model.kube import Endpoint, EndpointPort, EndpointSlice, Node, Pod, Service, ServicePort
from netdoc.model.kube.discovery import SERVICE_NAME_LABEL
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Hop
from netdoc.model.record import Gap
from netdoc.model.target import Port
from netdoc.path.graph import Graph, object_id, port_suffix
from netdoc.ports import Cluster, Listing

CLUSTER_DOMAIN = "cluster.local"
_CHAIN_LIMIT = 8  # CNAMEs that resolvers follow, give or take; a longer chain is a loop or a mistake


async def add_service(cluster: Cluster, graph: Graph, service: Service, port: Port | None) -> tuple[str, ...]:
    """Adds the Service's hops for one port, or for all, and returns the first ones."""
    if service.spec.type == "ExternalName":
        return (await _add_external_name(cluster, graph, service, port, _CHAIN_LIMIT),)
    chosen = tuple(one for one in _ports(service) if port is None or _is(one, port))
    if not chosen:
        return (graph.add(_service_hop(service, _lacking(port))),)
    slices = await cluster.list(EndpointSlice, service.namespace, labels=f"{SERVICE_NAME_LABEL}={service.name}")
    pods = await selected_pods(cluster, service)
    firsts = tuple(_add_port(graph, service, one, slices.items, pods.items) for one in chosen)
    gaps = (gap for gap in (slices.gap, pods.gap) if gap is not None and gap.blocking)
    for first, gap in itertools.product(firsts, gaps):
        graph.could_not_read(first, gap)
    return firsts


async def selected_pods(cluster: Cluster, service: Service) -> Listing[Pod]:
    """The pods that the Service's selector takes, finished ones left out; none without a selector."""
    if not service.spec.selector:
        return Listing()
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    listing = await cluster.list(Pod, service.namespace, labels=labels)
    return Listing(tuple(pod for pod in listing.items if not pod.finished), listing.gap)


def _ports(service: Service) -> tuple[ServicePort, ...]:
    """A headless Service may go without ports: names lead to its pods, and any port of theirs is meant."""
    return service.spec.ports or ((ServicePort(),) if service.headless else ())


def _is(offered: ServicePort, asked: Port) -> bool:
    if asked.protocol is not None and offered.protocol != asked.protocol:
        return False
    return offered.port == asked.number if asked.number is not None else offered.name == asked.name


def _lacking(port: Port | None) -> ServicePort:
    """The port that was asked for and that the Service does not offer, in the protocol that was asked for."""
    return ServicePort(port=port.number or 0, protocol=port.protocol or "TCP") if port else ServicePort()


def _service_hop(service: Service, port: ServicePort) -> Hop:
    suffix = port_suffix(port.port or None, port.protocol)
    return Hop(
        id=f"service/{service.namespace}/{service.name}{suffix}",
        kind="service",
        object=service.ref,
        addresses=service.cluster_addresses,
        port=port.port or None,
        port_name=port.name,
        protocol=port.protocol,
    )


def _add_port(
    graph: Graph,
    service: Service,
    port: ServicePort,
    slices: tuple[EndpointSlice, ...],
    pods: tuple[Pod, ...],
) -> str:
    first = graph.add(_service_hop(service, port))
    listed = _add_endpoints(graph, service, port, slices, first, {pod.name: pod.spec.node_name for pod in pods})
    for pod in pods:
        if pod.name not in listed and pod.metadata.deletion_timestamp is None:
            graph.lead(first, add_pod(graph, pod.ref, pod.spec.node_name, pod.addresses))
    return first


def _add_endpoints(
    graph: Graph,
    service: Service,
    port: ServicePort,
    slices: tuple[EndpointSlice, ...],
    first: str,
    nodes: Mapping[str, str],
) -> set[str]:
    """Adds a hop for each endpoint of the port; returns the pods that they stand for. `nodes` are by pod."""
    listed: set[str] = set()
    for slice_ in slices:
        for number in _numbers(slice_, port):
            for endpoint in _lasting(slice_.endpoints or ()):
                hop = _endpoint_hop(service, endpoint, number, port.protocol)
                graph.lead(first, graph.add(hop))
                if (pod := _pod_of(endpoint, service)) is not None:
                    listed.add(pod.name)
                    graph.lead(
                        hop.id, add_pod(graph, pod, endpoint.node_name or nodes.get(pod.name, ""), endpoint.addresses)
                    )
    return listed


def _numbers(slice_: EndpointSlice, port: ServicePort) -> tuple[int | None, ...]:
    """The port numbers under which a slice serves a Service port: matched by name and protocol."""
    if not port.port:
        return (None,)
    return tuple(one.port for one in slice_.ports or () if _serves(one, port))


def _serves(offered: EndpointPort, port: ServicePort) -> bool:
    return offered.name == port.name and offered.protocol == port.protocol


def _lasting(endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """Endpoints that are here to stay; those on their way out only where nothing else is left."""
    return tuple(one for one in endpoints if not one.conditions.terminating) or endpoints


def _endpoint_hop(service: Service, endpoint: Endpoint, port: int | None, protocol: str) -> Hop:
    named = endpoint.target_ref.name if endpoint.target_ref else (endpoint.addresses or ("?",))[0]
    return Hop(
        id=f"endpoint/{service.namespace}/{named}{port_suffix(port, protocol)}",
        kind="endpoint",
        object=_pod_of(endpoint, service) or service.ref,
        addresses=endpoint.addresses,
        port=port,
        protocol=protocol,
    )


def _pod_of(endpoint: Endpoint, service: Service) -> ObjectRef | None:
    target = endpoint.target_ref
    if target is None or target.kind != "Pod":
        return None
    return ObjectRef(api_version="v1", kind="Pod", namespace=target.namespace or service.namespace, name=target.name)


def add_pod(
    graph: Graph,
    pod: ObjectRef,
    node: str,
    addresses: tuple[str, ...],
    port: int | None = None,
    protocol: str = "TCP",
) -> str:
    """A pod's hop, and the node's that it runs on where one is known."""
    hop = Hop(id=object_id(pod), kind="pod", object=pod, addresses=addresses, port=port, protocol=protocol)
    first = graph.add(hop)
    if node:
        graph.lead(first, add_node(graph, node))
    return first


def add_entry(graph: Graph, node: Node, port: Port) -> str:
    """A node as the way in, at one of its ports: another place on the path than the node that a pod runs on."""
    suffix = port_suffix(port.number, port.protocol or "TCP")
    hop = Hop(
        id=f"node/{node.name}{suffix}",
        kind="node",
        object=node.ref,
        addresses=node.addresses,
        port=port.number,
        protocol=port.protocol or "TCP",
    )
    return graph.add(hop)


def add_balancer(graph: Graph, service: Service) -> str:
    hop = Hop(
        id=f"loadbalancer/{service.namespace}/{service.name}",
        kind="loadbalancer",
        object=service.ref,
        addresses=service.external_addresses,
    )
    return graph.add(hop)


def add_node(graph: Graph, name: str, addresses: tuple[str, ...] = ()) -> str:
    ref = ObjectRef(api_version=Node.KIND.api_version, kind="Node", name=name)
    return graph.add(Hop(id=f"node/{name}", kind="node", object=ref, addresses=addresses))


async def _add_external_name(cluster: Cluster, graph: Graph, service: Service, port: Port | None, limit: int) -> str:
    """An ExternalName is a CNAME: it leads to another Service of the cluster, or outside."""
    first = graph.add(_service_hop(service, ServicePort(port=(port.number or 0) if port else 0)))
    meant = cluster_service(service.spec.external_name)
    if meant is None:
        asked = port or Port()
        outside = Hop(
            id=f"external/{service.spec.external_name}",
            kind="external",
            port=asked.number,
            protocol=asked.protocol or "TCP",
        )
        graph.lead(first, graph.add(outside))
        return first
    found = await cluster.get(Service, meant[0], meant[1])
    if isinstance(found, Gap):
        graph.could_not_read(first, found)
    elif found is not None and limit > 0:
        if found.spec.type == "ExternalName":
            graph.lead(first, await _add_external_name(cluster, graph, found, port, limit - 1))
        else:
            graph.lead(first, *await add_service(cluster, graph, found, port))
    return first


def cluster_service(name: str, domain: str = CLUSTER_DOMAIN) -> tuple[str, str] | None:
    """(Service, namespace) that an absolute cluster name stands for; None for any other name."""
    labels = name.rstrip(".").lower().removesuffix(f".{domain}").split(".")
    if len(labels) < 3 or labels[-1] != "svc":
        return None
    return labels[-3], labels[-2]
