"""From a target and its sources to the graph of hops between them. Lookups only; nothing is judged here."""

from __future__ import annotations

from netdoc.model.kube import Namespace, Node, Pod, Service
from netdoc.model.kube.meta import Object
from netdoc.model.path import Absent, Hop, HopKind, Path, Source
from netdoc.model.record import Gap
from netdoc.model.target import Port, SourceSpec, Target
from netdoc.path.addresses import owner_of
from netdoc.path.graph import Graph, object_id, port_suffix
from netdoc.path.hosts import named_by
from netdoc.path.kinds import BY_KIND
from netdoc.path.lookup import find
from netdoc.path.services import add_node, add_pod, add_service
from netdoc.path.sources import add_source, workload_pods
from netdoc.ports import Cluster


async def resolve(cluster: Cluster, target: Target, specs: tuple[SourceSpec, ...] = ()) -> Path:
    """The path from each source to the target.

    What is absent or could not be read ends the path there and is said in it; nothing is raised for what a
    cluster holds.
    """
    graph = Graph()
    specs = specs or (SourceSpec(kind=await _usual_client(cluster, target)),)
    sources = [await add_source(cluster, graph, spec) for spec in specs]
    found = await _target(cluster, target, _home(cluster, sources))
    firsts = await _hops(cluster, graph, target, found)
    for source in sources:
        graph.lead(source.hop, *await _entrances(graph, source, found, firsts))
    return Path(
        target=target,
        object=found.ref if isinstance(found, Object) else None,
        sources=tuple(sources),
        hops=graph.hops,
        absent=tuple(graph.absent),
        unread=tuple(graph.unread),
    )


async def _usual_client(cluster: Cluster, target: Target) -> str:
    """Who calls where nobody was named: any client of the cluster for what is the cluster's own."""
    if target.kind not in ("URL", "Host", "IP"):
        return "Any"
    if isinstance(await _target(cluster, target, cluster.where.namespace), Object | Absent | Gap):
        return "Any"
    return "Internet" if target.kind == "URL" else "Here"


def _home(cluster: Cluster, sources: list[Source]) -> str:
    """The namespace in whose search list a short name is read: the first source's."""
    for source in sources:
        if source.object is not None and source.object.kind == "Namespace":
            return source.object.name
        if source.object is not None and source.object.namespace:
            return source.object.namespace
    return cluster.where.namespace


async def _target(cluster: Cluster, target: Target, home: str) -> Object | Absent | Gap | None:
    if target.kind == "IP":
        return await owner_of(cluster, target.host)
    if target.kind in ("Host", "URL"):
        if _numeric(target.host):
            return await owner_of(cluster, target.host)
        return await named_by(cluster, target.host, home)
    return await find(cluster, BY_KIND[target.kind], target.name, target.namespace)


def _numeric(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


async def _hops(cluster: Cluster, graph: Graph, target: Target, found: Object | Absent | Gap | None) -> tuple[str, ...]:
    """Adds the hops of what the target turned out to be; returns those at which traffic arrives first."""
    match found:
        case Absent():
            graph.absent.append(found)
            return (graph.add(Hop(id=_unread_id(cluster, target), kind=_hop_kind(target), object=found.object)),)
        case Gap():
            unread = graph.add(Hop(id=_unread_id(cluster, target), kind=_hop_kind(target)))
            graph.could_not_read(unread, found)
            return (unread,)
        case None:
            suffix = port_suffix(target.port.number if target.port else None)
            return (graph.add(Hop(id=f"external/{target.host}{suffix}", kind="external")),)
        case _:
            return await _object_hops(cluster, graph, found, target.port)


def _unread_id(cluster: Cluster, target: Target) -> str:
    if target.host:
        return f"external/{target.host}"
    return "/".join((target.kind.lower(), target.namespace or cluster.where.namespace, target.name))


def _hop_kind(target: Target) -> HopKind:
    if target.kind == "Service":
        return "service"
    return "node" if target.kind == "Node" else "external" if target.host else "pod"


async def _object_hops(cluster: Cluster, graph: Graph, found: Object, port: Port | None) -> tuple[str, ...]:
    match found:
        case Service():
            return await add_service(cluster, graph, found, port)
        case Pod():
            number = _pod_port(found, port)
            return (add_pod(graph, found.ref, found.spec.node_name, found.addresses, number),)
        case Node():
            return (add_node(graph, found.name, found.addresses),)
        case Namespace():
            services = await cluster.list(Service, found.name)
            return tuple([hop for one in services.items for hop in await add_service(cluster, graph, one, port)])
        case _:
            return await _workload_hops(cluster, graph, found, port)


async def _workload_hops(cluster: Cluster, graph: Graph, found: Object, port: Port | None) -> tuple[str, ...]:
    """The workload's pods; where it has none, one hop stands for the pods that it should have."""
    listing = await workload_pods(cluster, found)
    lasting = tuple(pod for pod in listing.items if pod.metadata.deletion_timestamp is None)
    hops = tuple(add_pod(graph, pod.ref, pod.spec.node_name, pod.addresses, _pod_port(pod, port)) for pod in lasting)
    if not hops:
        hops = (graph.add(Hop(id=object_id(found.ref), kind="pod", object=found.ref)),)
    if listing.gap is not None and listing.gap.blocking:
        graph.could_not_read(hops[0], listing.gap)
    return hops


def _pod_port(pod: Pod, port: Port | None) -> int | None:
    if port is None or port.number is not None:
        return port.number if port else None
    declared = (one for container in pod.serving_containers for one in container.ports)
    return next((one.container_port for one in declared if one.name == port.name), None)


async def _entrances(
    graph: Graph, source: Source, found: Object | Absent | Gap | None, firsts: tuple[str, ...]
) -> tuple[str, ...]:
    """From outside, traffic meets the load balancer before the Service."""
    outside = source.spec.kind in ("Internet", "Here")
    if not (outside and isinstance(found, Service) and found.spec.type == "LoadBalancer"):
        return firsts
    hop = Hop(
        id=f"loadbalancer/{found.namespace}/{found.name}",
        kind="loadbalancer",
        object=found.ref,
        addresses=found.external_addresses,
    )
    graph.lead(graph.add(hop), *firsts)
    return (hop.id,)
