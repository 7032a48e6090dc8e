"""From a target and its sources to the graph of hops between them. Lookups only; nothing is judged here."""

from __future__ import annotations

from netdoc.model.kube import Namespace, Node, Pod, Service
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.path import Absent, Hop, HopKind, Path, Source
from netdoc.model.record import Gap
from netdoc.model.target import Port, SourceSpec, Target
from netdoc.path.addresses import Held, entry_at, is_loopback, owner_of
from netdoc.path.gates import with_gates
from netdoc.path.graph import Graph, object_id, port_suffix
from netdoc.path.hosts import Home, home_of, named_by
from netdoc.path.kinds import BY_KIND, ROUTE_KINDS
from netdoc.path.lookup import find
from netdoc.path.places import address_of
from netdoc.path.services import add_balancer, add_entry, add_node, add_pod, add_service
from netdoc.path.sources import Caller, add_source, workload_pods
from netdoc.ports import Cluster

Found = Held | Absent | Gap | None


async def resolve(cluster: Cluster, target: Target, specs: tuple[SourceSpec, ...] = ()) -> Path:
    """The path from each source to the target.

    What is absent or could not be read ends the path there and is said in it; nothing is raised for what a
    cluster holds.
    """
    graph = Graph()
    specs = specs or (SourceSpec(kind=await _usual_client(cluster, target)),)
    callers = [await add_source(cluster, graph, spec) for spec in specs]
    founds = [await _target(cluster, target, caller) for caller in callers]
    for caller, found in zip(callers, founds, strict=True):
        way_in = _way_in(graph, target, caller.source, found)
        firsts = await _hops(cluster, graph, target, found)
        if way_in:
            graph.lead(way_in, *firsts)
        graph.lead(caller.source.hop, *((way_in,) if way_in else firsts))
    named = next((one.object for one in founds if isinstance(one, Held)), None)
    sources = tuple(caller.source for caller in callers)
    return Path(
        target=target,
        object=named.ref if named is not None else None,
        sources=sources,
        hops=with_gates(graph.hops, sources),
        absent=tuple(graph.absent),
        unread=tuple(graph.unread),
        assumed=tuple(f"the source is {one.source.spec.input}" for one in callers if one.source.spec.guessed),
    )


async def _usual_client(cluster: Cluster, target: Target) -> str:
    """Who calls where nobody was named: any client of the cluster for what is the cluster's own."""
    if target.kind in ROUTE_KINDS:
        return "Internet"
    if target.kind not in ("URL", "Host", "IP"):
        return "Any"
    found = await _target(cluster, target, None)
    if isinstance(found, Held | Absent) or (isinstance(found, Gap) and found.blocking):
        return "Any"
    return "Internet" if target.kind == "URL" else "Here"


async def _target(cluster: Cluster, target: Target, caller: Caller | None) -> Found:
    """What the target is, as this caller would take it: names are read with its search list, localhost is itself."""
    if target.host:
        return await _at_host(cluster, target, caller)
    named = BY_KIND[target.kind]
    if named.projection is None:
        what = f"get {named.aliases[-1]}"
        return Gap(what=what, reason="not-supported", detail=f"this version does not read a {named.kind}")
    found = await find(cluster, named, target.name, target.namespace)
    if isinstance(found, Node):
        return await entry_at(cluster, found, target.port)
    return Held(found) if isinstance(found, Object) else found


async def _at_host(cluster: Cluster, target: Target, caller: Caller | None) -> Found:
    pod = caller.pod if caller else None
    if is_loopback(target.host) or target.host == "localhost":
        return Held(pod) if pod is not None else None
    if address_of(target.host):
        return await owner_of(cluster, target.host, target.port)
    found = await named_by(cluster, target.host, _home(cluster, caller))
    if isinstance(found, Node):
        return await entry_at(cluster, found, target.port)
    return Held(found) if isinstance(found, Object) else found


def _home(cluster: Cluster, caller: Caller | None) -> Home:
    """Where the caller's resolver reads short names; the context's namespace for callers without one."""
    if caller is None:
        return home_of(cluster.where.namespace)
    source = caller.source.object
    namespace = source.name if source is not None and source.kind == "Namespace" else source.namespace if source else ""
    return home_of(namespace or cluster.where.namespace, caller.pod)


async def _hops(cluster: Cluster, graph: Graph, target: Target, found: Found) -> tuple[str, ...]:
    """Adds the hops of what the target turned out to be; returns those at which traffic arrives first."""
    match found:
        case Absent():
            end = graph.add(Hop(id=_unread_id(cluster, target), kind=_hop_kind(target), object=found.object))
            graph.is_absent(found, end)
            return (end,)
        case Gap():
            unread = graph.add(Hop(id=_unread_id(cluster, target), kind=_hop_kind(target)))
            graph.could_not_read(unread, found)
            return (unread,)
        case None:
            return (graph.add(_outside(target)),)
        case _:
            return await _object_hops(cluster, graph, found.object, found.port or target.port)


def _outside(target: Target) -> Hop:
    port = target.port or Port()
    protocol = port.protocol or "TCP"
    return Hop(
        id=f"external/{target.host}{port_suffix(port.number, protocol) if target.port else ''}",
        kind="external",
        addresses=(target.host,) if address_of(target.host) else (),
        port=port.number,
        protocol=protocol,
    )


def _unread_id(cluster: Cluster, target: Target) -> str:
    if target.host:
        return f"external/{target.host}"
    namespaced = target.kind in BY_KIND and BY_KIND[target.kind].namespaced
    namespace = (target.namespace or cluster.where.namespace) if namespaced else ""
    return "/".join(part for part in (target.kind.lower(), namespace, target.name) if part)


def _hop_kind(target: Target) -> HopKind:
    if target.kind in ("Service", "Namespace"):
        return "service"
    if target.kind in ROUTE_KINDS:
        return "router"
    return "node" if target.kind == "Node" else "external" if target.host else "pod"


async def _object_hops(cluster: Cluster, graph: Graph, found: Object, port: Port | None) -> tuple[str, ...]:
    match found:
        case Service():
            return await add_service(cluster, graph, found, port)
        case Pod():
            return (_pod_hop(graph, found, port),)
        case Node():
            return (add_entry(graph, found, port) if port else add_node(graph, found.name, found.addresses),)
        case Namespace():
            return await _namespace_hops(cluster, graph, found, port)
        case _:
            return await _workload_hops(cluster, graph, found, port)


async def _namespace_hops(cluster: Cluster, graph: Graph, found: Object, port: Port | None) -> tuple[str, ...]:
    """Every Service of the namespace; with a port, those that have it, or all where none has."""
    listing = await cluster.list(Service, found.name)
    having = tuple(one for one in listing.items if port is not None and _has(one, port))
    hops = [hop for one in having or listing.items for hop in await add_service(cluster, graph, one, port)]
    if listing.gap is not None and listing.gap.blocking:
        hops = hops or [graph.add(Hop(id=object_id(found.ref), kind="service"))]
        graph.could_not_read(hops[0], listing.gap)
    elif not hops:
        ref = ObjectRef(api_version="v1", kind="Namespace", name=found.name)
        hops = [graph.add(Hop(id=object_id(ref), kind="service", object=ref))]
        graph.is_absent(Absent(what="target", object=ref, detail=f"{found.name} has no Service"), hops[0])
    return tuple(hops)


def _has(service: Service, port: Port) -> bool:
    return any(
        (one.port == port.number if port.number is not None else one.name == port.name)
        and port.protocol in (None, one.protocol)
        for one in service.spec.ports
    )


async def _workload_hops(cluster: Cluster, graph: Graph, found: Object, port: Port | None) -> tuple[str, ...]:
    """The workload's pods; where it has none, one hop stands for the pods that it should have."""
    listing = await workload_pods(cluster, found)
    lasting = tuple(pod for pod in listing.items if pod.metadata.deletion_timestamp is None)
    hops = tuple(_pod_hop(graph, pod, port) for pod in lasting)
    if not hops:
        hops = (graph.add(Hop(id=object_id(found.ref), kind="pod", object=found.ref)),)
    if listing.gap is not None and listing.gap.blocking:
        graph.could_not_read(hops[0], listing.gap)
    return hops


def _pod_hop(graph: Graph, pod: Pod, port: Port | None) -> str:
    number, protocol = _pod_port(pod, port)
    return add_pod(graph, pod.ref, pod.spec.node_name, pod.addresses, number, protocol)


def _pod_port(pod: Pod, port: Port | None) -> tuple[int | None, str]:
    """The number and protocol of a port that is asked of a pod; a name's are those that its containers declare."""
    if port is None or port.number is not None:
        return (port.number, port.protocol or "TCP") if port else (None, "TCP")
    declared = (one for container in pod.serving_containers for one in container.ports)
    named = (one for one in declared if one.name == port.name and port.protocol in (None, one.protocol))
    return next(((one.container_port, one.protocol) for one in named), (None, port.protocol or "TCP"))


def _way_in(graph: Graph, target: Target, source: Source, found: Found) -> str:
    """The hop that traffic meets before the Service: a node at its port, or the load balancer; "" for none."""
    if not isinstance(found, Held) or not isinstance(found.object, Service):
        return ""
    if found.by == "node-port" and found.node is not None and target.port is not None:
        return add_entry(graph, found.node, target.port)
    outside = source.spec.kind in ("Internet", "Here") or (source.spec.kind == "IP" and source.object is None)
    balanced = outside and found.by == "itself" and found.object.spec.type == "LoadBalancer"
    return add_balancer(graph, found.object) if balanced or found.by == "load-balancer" else ""
