"""Reads what the judgement needs: the path's Services, slices and pods; more only of what is in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import TypeVar

from netdoc.api import Cluster, Gap, Hop, Listing, ObjectRef, Ports, Subject, kube, plain_matches
from netdoc_checks.endpoints.seen import Agent, Group, Seen, Unread, Workload
from netdoc_checks.endpoints.trouble import trouble_of
from netdoc_checks.owners import chain

T = TypeVar("T")

SERVICE_LABEL = "kubernetes.io/service-name"
WORKLOADS: Mapping[str, type[kube.Object]] = {
    one.KIND.kind: one
    for one in (kube.Deployment, kube.ReplicaSet, kube.StatefulSet, kube.DaemonSet, kube.Job, kube.CronJob)
}
MOST_EVENTS = 8  # objects whose events are read: more of the same workload say the same
MOST_OWNERS = 20  # controllers whose workloads are read
MOST_NODES = 12  # nodes read one by one; beyond, one list costs less

AGENT_ROLES: Mapping[str, str] = {
    "kube-proxy": "proxy",
    "calico-node": "cni",
    "canal": "cni",
    "cilium": "cni",
    "kindnet": "cni",
    "aws-node": "cni",
    "kube-router": "cni",
    "weave-net": "cni",
    "flannel": "cni",
    "kube-flannel": "cni",
    "antrea": "cni",
    "ovnkube-node": "cni",
}


async def observe(ports: Ports, subject: Subject) -> Seen:
    cluster = ports.cluster
    unread: list[Unread] = []
    groups, clients = await asyncio.gather(_groups(cluster, subject, unread), _clients(cluster, subject, unread))
    troubled = _troubled(groups, subject)
    owners, nodes = await asyncio.gather(_owners(cluster, groups), _nodes_near(cluster, groups, clients, subject))
    groups = tuple(await _each(_with_workloads(cluster, group) for group in groups))
    events, agents = await asyncio.gather(
        _events(cluster, groups, troubled, owners), _agents(cluster, tuple(nodes), subject, unread)
    )
    by_ref = {ref: listing.items for ref, listing in events.items()}
    return Seen(
        subject=subject,
        groups=groups,
        clients=clients,
        owners=owners,
        nodes=nodes,
        agents=agents,
        events=by_ref,
        logs=await _logs(cluster, troubled, by_ref, subject),
        holders=await _holders(cluster, groups, unread),
        aliases=await _aliases(cluster, groups),
        rivals=await _rivals(cluster, groups, subject, unread),
        unread=tuple(unread),
        events_gap=next((one.gap for one in events.values() if not one.complete), None),
    )


async def _each(work: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*work))


def _missed(unread: list[Unread], hop: str, answer: object) -> None:
    """Keeps a refusal for the hop that needs the answer."""
    gap = answer if isinstance(answer, Gap) else answer.gap if isinstance(answer, Listing) else None
    if gap is not None and gap.blocking:
        unread.append(Unread(hop, gap))


async def _groups(cluster: Cluster, subject: Subject, unread: list[Unread]) -> tuple[Group, ...]:
    """One group for each Service of the path, and one for pods that the target names itself."""
    hops: dict[ObjectRef, list[str]] = {}
    for hop in subject.path.of_kind("service"):
        if hop.object is not None and hop.object.kind == "Service":
            hops.setdefault(hop.object, []).append(hop.id)
    services = await _each(_service_group(cluster, ref, tuple(ids), unread) for ref, ids in hops.items())
    own = await _named_group(cluster, subject, unread)
    return tuple(one for one in [*services, own] if one is not None)


async def _service_group(cluster: Cluster, ref: ObjectRef, hops: tuple[str, ...], unread: list[Unread]) -> Group | None:
    service = await cluster.get(kube.Service, ref.name, ref.namespace)
    _missed(unread, hops[0], service)
    if not isinstance(service, kube.Service):
        return None
    slices = await cluster.list(kube.EndpointSlice, ref.namespace, labels=f"{SERVICE_LABEL}={ref.name}")
    pods: Listing[kube.Pod] = Listing()
    if service.spec.selector:
        labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
        pods = await cluster.list(kube.Pod, ref.namespace, labels=labels)
    return Group(hops=hops, service=service, slices=slices, pods=pods)


async def _named_group(cluster: Cluster, subject: Subject, unread: list[Unread]) -> Group | None:
    """The pods of a target that is a pod or a workload: those that the path found, finished ones with them."""
    target = subject.path.object
    if target is None or target.kind in ("Service", "Node", "Namespace"):
        return None
    hops = tuple(hop for hop in subject.path.of_kind("pod") if not _behind_service(hop, subject))
    refs = {hop.object: hop.id for hop in hops if hop.object is not None and hop.object.kind == "Pod"}
    pods = await _each(cluster.get(kube.Pod, ref.name, ref.namespace) for ref in refs)
    for hop, pod in zip(refs.values(), pods, strict=True):
        _missed(unread, hop, pod)
    found = tuple(pod for pod in pods if isinstance(pod, kube.Pod))
    return Group(hops=tuple(hop.id for hop in hops), pods=Listing(found), named=target)


def _behind_service(hop: Hop, subject: Subject) -> bool:
    return any(hop.id in subject.path.downstream(one.id) for one in subject.path.of_kind("service"))


async def _clients(cluster: Cluster, subject: Subject, unread: list[Unread]) -> tuple[kube.Pod, ...]:
    refs = [(ref, source.hop) for source in subject.path.sources for ref in source.pods][:MOST_NODES]
    found = await _each(cluster.get(kube.Pod, ref.name, ref.namespace) for ref, _ in refs)
    for (_, hop), pod in zip(refs, found, strict=True):
        _missed(unread, hop, pod)
    return tuple(pod for pod in found if isinstance(pod, kube.Pod))


def _troubled(groups: tuple[Group, ...], subject: Subject) -> tuple[kube.Pod, ...]:
    """Pods that fail, that fall over again and again, or that were evicted and not replaced."""
    pods = {pod.ref: pod for group in groups for pod in group.pods.items}
    return tuple(pod for pod in pods.values() if trouble_of(pod, (), subject.now) is not None)


async def _owners(cluster: Cluster, groups: tuple[Group, ...]) -> dict[ObjectRef, Workload]:
    """The topmost workload of each controller among the pods; kinds that netdoc does not know are left out."""
    found: dict[ObjectRef, tuple[kube.OwnerReference, str]] = {}
    for pod in (pod for group in groups for pod in group.pods.items):
        owner = pod.metadata.controller
        if owner is not None:
            found.setdefault(_near(owner, pod.namespace), (owner, pod.namespace))
    chosen = dict(list(found.items())[:MOST_OWNERS])
    topmost = await _each(_topmost(cluster, owner, namespace) for owner, namespace in chosen.values())
    return {ref: one for ref, one in zip(chosen, topmost, strict=True) if one is not None}


def _near(owner: kube.OwnerReference, namespace: str) -> ObjectRef:
    return ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=namespace, name=owner.name)


async def _topmost(cluster: Cluster, owner: kube.OwnerReference, namespace: str) -> Workload | None:
    """The topmost owner of a kind that netdoc knows: above a ReplicaSet there may be a stranger's."""
    known = [ref for ref in await chain(cluster, owner, namespace) if ref.kind in WORKLOADS]
    found = await cluster.get(WORKLOADS[known[-1].kind], known[-1].name, namespace) if known else None
    match found:
        case kube.Deployment():
            return await _with_replica_sets(cluster, found)
        case kube.ReplicaSet():
            return Workload(object=found, replica_sets=(found,))
        case kube.StatefulSet() | kube.DaemonSet() | kube.Job() | kube.CronJob():
            return Workload(object=found)
    return None


async def _with_replica_sets(cluster: Cluster, deployment: kube.Deployment) -> Workload:
    selector = deployment.spec.selector
    labels = ",".join(f"{k}={v}" for k, v in sorted(selector.match_labels.items())) if selector else ""
    listing = await cluster.list(kube.ReplicaSet, deployment.namespace, labels=labels)
    own = [one for one in listing.items if _owned(one, deployment)]
    newest_first = sorted(own, key=lambda one: (one.revision, one.name), reverse=True)
    return Workload(object=deployment, replica_sets=tuple(newest_first))


def _owned(replica_set: kube.ReplicaSet, deployment: kube.Deployment) -> bool:
    owner = replica_set.metadata.controller
    return owner is not None and owner.kind == "Deployment" and owner.name == deployment.name


async def _with_workloads(cluster: Cluster, group: Group) -> Group:
    """Where a group has too few pods: the workloads that should make them, and the pods that were perhaps meant."""
    if group.living or (group.service is not None and not group.service.spec.selector):
        return group
    namespace = group.service.namespace if group.service else group.named.namespace if group.named else ""
    found, gap = await _workloads(cluster, namespace)
    if group.service is None:
        mine = tuple(one for one in found if one.ref == group.named)
        return Group(hops=group.hops, pods=group.pods, workloads=mine, workload_gap=gap, named=group.named)
    selector = group.service.spec.selector
    mine = tuple(one for one in found if plain_matches(selector, one.template_labels))
    return Group(
        hops=group.hops,
        service=group.service,
        slices=group.slices,
        pods=group.pods,
        nearby=await cluster.list(kube.Pod, namespace),
        workloads=await _completed(cluster, mine) if mine else found,
        workload_gap=gap,
    )


async def _completed(cluster: Cluster, workloads: tuple[Workload, ...]) -> tuple[Workload, ...]:
    return tuple(
        [
            await _with_replica_sets(cluster, one.object) if isinstance(one.object, kube.Deployment) else one
            for one in workloads
        ]
    )


async def _workloads(cluster: Cluster, namespace: str) -> tuple[tuple[Workload, ...], Gap | None]:
    """Every workload of a namespace that serves, with the first refusal among the reads."""
    listings = await _each(
        cluster.list(kind, namespace) for kind in (kube.Deployment, kube.StatefulSet, kube.DaemonSet)
    )
    gap = next((one.gap for one in listings if one.gap is not None and one.gap.blocking), None)
    found = tuple(
        Workload(object=item)
        for listing in listings
        for item in listing.items
        if isinstance(item, kube.Deployment | kube.StatefulSet | kube.DaemonSet)
    )
    deployments = [one for one in found if isinstance(one.object, kube.Deployment)]
    if len(deployments) == 1:
        return (*await _completed(cluster, tuple(deployments)), *(one for one in found if one not in deployments)), gap
    return found, gap


def _node_names(clients: tuple[kube.Pod, ...], subject: Subject) -> tuple[str, ...]:
    names = [hop.object.name for hop in subject.path.of_kind("node") if hop.object is not None]
    names += [pod.spec.node_name for pod in clients]
    return tuple(dict.fromkeys(name for name in names if name))


async def _nodes_near(
    cluster: Cluster, groups: tuple[Group, ...], clients: tuple[kube.Pod, ...], subject: Subject
) -> dict[str, kube.Node | Gap | None]:
    """The path's nodes; where endpoints are kept by hand all, for their ranges tell which addresses are pods'."""
    nodes = await _nodes(cluster, _node_names(clients, subject))
    if any(one.service is not None and not one.service.spec.selector and one.slices.items for one in groups):
        listing = await cluster.list(kube.Node)
        return {node.name: node for node in listing.items} | nodes
    return nodes


async def _nodes(cluster: Cluster, names: tuple[str, ...]) -> dict[str, kube.Node | Gap | None]:
    if len(names) <= MOST_NODES:
        found = await _each(cluster.get(kube.Node, name) for name in names)
        return dict(zip(names, found, strict=True))
    listing = await cluster.list(kube.Node)
    by_name: dict[str, kube.Node] = {node.name: node for node in listing.items}
    missing = listing.gap if not listing.complete else None
    return {name: by_name.get(name, missing) for name in names}


async def _agents(
    cluster: Cluster, nodes: tuple[str, ...], subject: Subject, unread: list[Unread]
) -> dict[str, tuple[Agent, ...]]:
    """The network pods of the nodes: kube-proxy and the CNI's agent, wherever they are installed."""
    roles = ",".join(sorted(AGENT_ROLES))
    queries = [f"{key} in ({roles})" for key in ("k8s-app", "app")]
    if len(nodes) > MOST_NODES:
        listings = await _each(cluster.list(kube.Pod, labels=query) for query in queries)
    else:
        listings = await _each(
            cluster.list(kube.Pod, labels=query, fields=f"spec.nodeName={node}") for node in nodes for query in queries
        )
    for hop in subject.path.of_kind("node"):
        for listing in listings:
            _missed(unread, hop.id, listing)
    pods = {pod.ref: pod for listing in listings for pod in listing.items if not pod.finished}
    found: dict[str, list[Agent]] = {}
    for pod in pods.values():
        found.setdefault(pod.spec.node_name, []).append(Agent(pod, _role(pod)))
    return {node: tuple(agents) for node, agents in found.items()}


def _role(pod: kube.Pod) -> str:
    labels = pod.metadata.labels
    return AGENT_ROLES.get(labels.get("k8s-app", "")) or AGENT_ROLES.get(labels.get("app", ""), "cni")


async def _events(
    cluster: Cluster,
    groups: tuple[Group, ...],
    troubled: tuple[kube.Pod, ...],
    owners: Mapping[ObjectRef, Workload],
) -> dict[ObjectRef, Listing[kube.Event]]:
    """Events of what is in trouble, and of what should make pods and does not."""
    refs = [pod.ref for pod in _varied(troubled)]
    for group in groups:
        short = [one for one in {w.ref: w for w in owners.values()}.values() if len(group.living) < one.desired]
        makers = short if group.living else [*short, *_makers(group)]
        refs += [ref for workload in makers for ref in _speaking(workload)][:MOST_EVENTS]
        if group.service is not None and group.service.spec.type == "LoadBalancer":
            refs.append(group.service.ref)
    unique = tuple(dict.fromkeys(refs))
    found = await _each(_events_of(cluster, ref) for ref in unique)
    return dict(zip(unique, found, strict=True))


def _speaking(workload: Workload) -> list[ObjectRef]:
    """The objects whose events tell why pods are not made: the newest ReplicaSet speaks for a Deployment."""
    return [workload.ref, *(one.ref for one in workload.replica_sets[:1])]


def _makers(group: Group) -> list[Workload]:
    """The workloads that should make the group's pods."""
    if group.service is None:
        return list(group.workloads)
    return [one for one in group.workloads if plain_matches(group.service.spec.selector, one.template_labels)]


def _varied(pods: tuple[kube.Pod, ...]) -> list[kube.Pod]:
    """A few pods of each workload: enough to see what they say."""
    taken: dict[object, list[kube.Pod]] = {}
    for pod in pods:
        owner = pod.metadata.controller
        mine = taken.setdefault((owner.kind, owner.name, pod.namespace) if owner else pod.ref, [])
        if len(mine) < MOST_EVENTS:
            mine.append(pod)
    return [pod for mine in taken.values() for pod in mine]


async def _events_of(cluster: Cluster, ref: ObjectRef) -> Listing[kube.Event]:
    """Newest last."""
    fields = f"involvedObject.kind={ref.kind},involvedObject.name={ref.name}"
    listing = await cluster.list(kube.Event, ref.namespace, fields=fields)
    dated = [event for event in listing.items if event.last_seen is not None]
    return Listing(tuple(sorted(dated, key=lambda event: (event.last_seen, event.name))), listing.gap)


async def _logs(
    cluster: Cluster,
    troubled: tuple[kube.Pod, ...],
    events: Mapping[ObjectRef, tuple[kube.Event, ...]],
    subject: Subject,
) -> dict[tuple[ObjectRef, str], str | Gap]:
    """The last words of one container for each workload that keeps exiting."""
    wanted: dict[object, tuple[ObjectRef, str, bool]] = {}
    for pod in troubled:
        trouble = trouble_of(pod, events.get(pod.ref, ()), subject.now)
        if trouble is not None and trouble.keeps_exiting:
            owner = pod.metadata.controller
            again = any(one.last_state.terminated for one in _statuses(pod) if one.name == trouble.container)
            wanted.setdefault(owner.name if owner else pod.ref, (pod.ref, trouble.container, again))
    found = await _each(cluster.log(ref, name, previous=again) for ref, name, again in wanted.values())
    return {(ref, name): text for (ref, name, _), text in zip(wanted.values(), found, strict=True)}


def _statuses(pod: kube.Pod) -> tuple[kube.ContainerStatus, ...]:
    return pod.status.container_statuses + pod.status.init_container_statuses


async def _holders(
    cluster: Cluster, groups: tuple[Group, ...], unread: list[Unread]
) -> dict[str, tuple[kube.Pod, ...]]:
    """Who holds the addresses of hand-kept endpoints now: read only where no selector keeps them right."""
    addresses = {
        address: group.hops[0]
        for group in groups
        if group.service is not None and not group.service.spec.selector
        for slice_ in group.slices.items
        for endpoint in slice_.endpoints or ()
        for address in endpoint.addresses
    }
    asked = sorted(addresses)[:50]
    found = await _each(cluster.list(kube.Pod, fields=f"status.podIP={address}") for address in asked)
    for address, listing in zip(asked, found, strict=True):
        _missed(unread, addresses[address], listing)
    return {
        address: tuple(pod for pod in listing.items if not pod.finished)
        for address, listing in zip(asked, found, strict=True)
        if listing.complete
    }


async def _aliases(cluster: Cluster, groups: tuple[Group, ...]) -> dict[str, kube.Service | Gap | None]:
    """The Services that ExternalNames stand for, where they name one of the cluster."""
    names = {
        group.service.spec.external_name
        for group in groups
        if group.service is not None and group.service.spec.type == "ExternalName"
    }
    found: dict[str, kube.Service | Gap | None] = {}
    for name in sorted(names):
        if (meant := alias_of(name)) is not None:
            found[name] = await cluster.get(kube.Service, meant[0], meant[1])
    return found


def alias_of(name: str) -> tuple[str, str] | None:
    """(Service, namespace) of an absolute cluster name; None for others."""
    labels = name.rstrip(".").lower().split(".")
    if len(labels) < 3 or "svc" not in labels[2:]:
        return None
    at = labels.index("svc", 2)
    return labels[at - 2], labels[at - 1]


async def _rivals(
    cluster: Cluster, groups: tuple[Group, ...], subject: Subject, unread: list[Unread]
) -> tuple[kube.Service, ...]:
    """Services that may claim an address of the path's as well.

    A cluster IP is asked for by itself; the API server gives it to one Service alone, so that a refusal costs
    nothing. External addresses may be claimed by a Service of any type and namespace,
    and no selector finds them: all Services are read, where the path comes from outside.
    """
    services = [(group.service, group.hops[0]) for group in groups if group.service is not None]
    outside = any(source.spec.kind in ("Internet", "Here", "IP") for source in subject.path.sources)
    found: dict[ObjectRef, kube.Service] = {}
    for service, hop in services:
        if service.cluster_addresses:
            listing = await cluster.list(kube.Service, fields=f"spec.clusterIP={service.cluster_addresses[0]}")
            found.update((one.ref, one) for one in listing.items)
        if service.external_addresses and outside:
            listing = await cluster.list(kube.Service)
            _missed(unread, hop, listing)
            found.update((one.ref, one) for one in listing.items)
    own = {service.ref for service, _ in services}
    return tuple(one for ref, one in found.items() if ref not in own)
