"""Reads the policies of the two ends' namespaces, the cluster-wide ones, and who enforces them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

import msgspec

from netdoc.api import Cluster, Gap, Listing, ObjectRef, Ports, Source, Subject, kube, policy
from netdoc_checks.policy.seen import Called, Caller, Seen

T = TypeVar("T")

# Names under which network plugins run their agents (label k8s-app or app), and the plugin that each is.
AGENTS = {
    "calico-node": "calico",
    "canal": "calico",
    "cilium": "cilium",
    "antrea": "antrea",
    "kube-router": "kube-router",
    "kindnet": "kindnet",
    "kube-network-policies": "kindnet",
    "ovnkube-node": "ovn-kubernetes",
    "kube-ovn-cni": "kube-ovn",
    "weave-net": "weave",
    "aws-node": "aws-network-policy-agent",
    "azure-npm": "azure-npm",
    "flannel": "flannel",
    "kube-flannel": "flannel",
}
NODE_LOCAL_ADDRESS = "169.254.20.10"  # where NodeLocal DNSCache listens (kubernetes/enhancements, KEP-1024)


async def observe(ports: Ports, subject: Subject) -> Seen:
    cluster = ports.cluster
    callers, called, resolvers = await asyncio.gather(
        _callers(cluster, subject), _called(cluster, subject), _resolvers(cluster, subject)
    )
    pods = _pods([*callers, *called, *resolvers])
    namespaces = sorted({pod.namespace for pod in pods})
    own, admin, foreign, spaces, nodes, agents = await asyncio.gather(
        _each(cluster.list(kube.NetworkPolicy, one) for one in namespaces),
        _each(cluster.list(kind) for kind in kube.ADMIN_POLICIES),
        _foreign(cluster, namespaces),
        _each(cluster.get(kube.Namespace, one) for one in namespaces),
        _nodes(cluster, pods),
        _agents(cluster),
    )
    plugin = _plugin(agents)
    policies = policy.PolicySet.build(
        pods,
        [one for one in spaces if isinstance(one, kube.Namespace)],
        [one for listing in own for one in listing.items],
        [one for listing in admin for one in listing.items if isinstance(one, kube.AdminPolicy)],
        nodes=[one for one in nodes if isinstance(one, kube.Node)],
        foreign=[one for listing in foreign for one in _read_foreign(listing)],
        ipblock_pods="ignore" if plugin is not None and not plugin.blocks_match_pods else "match",
    )
    return Seen(
        subject=subject,
        policies=policies,
        callers=callers,
        called=called,
        resolvers=resolvers,
        plugin=plugin,
        gaps=_gaps([*own, *admin, *foreign, *spaces]),
        owners=await _owners(cluster, pods),
    )


async def _each(work: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*work))


def _gaps(answers: Iterable[object]) -> tuple[Gap, ...]:
    gaps = [one if isinstance(one, Gap) else one.gap if isinstance(one, Listing) else None for one in answers]
    return tuple(gap for gap in gaps if gap is not None and gap.blocking)


def _pods(ends: Iterable[Caller | Called]) -> list[kube.Pod]:
    return list({end.pod.ref: end.pod for end in ends if end.pod is not None}.values())


async def _callers(cluster: Cluster, subject: Subject) -> tuple[Caller, ...]:
    found = await _each(_of_source(cluster, source) for source in subject.path.sources)
    return tuple(caller for callers in found for caller in callers)


async def _of_source(cluster: Cluster, source: Source) -> list[Caller]:
    """The pods that stand for a source; a node calls by its addresses, an address as itself."""
    kind = source.spec.kind
    pods = await _each(cluster.get(kube.Pod, ref.name, ref.namespace) for ref in source.pods)
    callers = [Caller(source.hop, kind, pod=pod) for pod in pods if isinstance(pod, kube.Pod)]
    return callers + [Caller(source.hop, kind, address=address) for address in source.addresses]


async def _called(cluster: Cluster, subject: Subject) -> tuple[Called, ...]:
    """Each endpoint with its own port; for a pod that is the target itself, the ports asked of it."""
    path = subject.path
    behind: dict[str, Any] = {id_: hop for hop in path.of_kind("service") for id_ in hop.next}
    found = []
    for hop in path.of_kind("endpoint"):
        service = behind.get(hop.id)
        if hop.port is None or service is None:
            continue
        pod = await _pod(cluster, hop.object)
        address = hop.addresses[0] if hop.addresses else ""
        found.append(
            Called(hop.id, hop.port, hop.protocol, pod, address if pod is None else "", service.object, service.port)
        )
    for hop in path.of_kind("pod"):
        if any(hop.id in one.next for one in path.of_kind("endpoint")) or hop.id in behind:
            continue
        pod = await _pod(cluster, hop.object)
        for port, protocol in _asked(pod, hop.port, subject):
            found.append(Called(hop.id, port, protocol, pod))
    return tuple(found)


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


async def _resolvers(cluster: Cluster, subject: Subject) -> tuple[Called, ...]:
    """The pods of cluster DNS, where the target is asked for by a name and a pod asks."""
    if subject.path.target.kind == "IP" or not any(source.pods for source in subject.path.sources):
        return ()
    service = await cluster.get(kube.Service, "kube-dns", "kube-system")
    if not isinstance(service, kube.Service) or subject.path.object == service.ref:
        return ()
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    listing = await cluster.list(kube.Pod, "kube-system", labels=labels)
    hop = subject.path.sources[0].hop
    return tuple(
        Called(hop, number, port.protocol, pod, "", service.ref, port.port, "dns")
        for pod in listing.items
        if not pod.finished
        for port in service.spec.ports
        if port.port == 53 and (number := _number(port, pod)) is not None
    )


def _number(port: kube.ServicePort, pod: kube.Pod) -> int | None:
    if not isinstance(port.target_port, str):
        return port.target_port or port.port
    declared = (one for container in pod.serving_containers for one in container.ports)
    return next((o.container_port for o in declared if (o.name, o.protocol) == (port.target_port, port.protocol)), None)


async def _nodes(cluster: Cluster, pods: Iterable[kube.Pod]) -> list[kube.Node | Gap | None]:
    names = sorted({pod.spec.node_name for pod in pods if pod.spec.node_name})
    return await _each(cluster.get(kube.Node, name) for name in names)


async def _agents(cluster: Cluster) -> tuple[kube.Pod, ...]:
    """One look at who runs the pod network; a refusal costs what is said of it, never the verdict."""
    roles = ",".join(sorted(AGENTS))
    listings = await _each(cluster.list(kube.Pod, labels=f"{key} in ({roles})") for key in ("k8s-app", "app"))
    return tuple(pod for listing in listings for pod in listing.items if not pod.finished)


def _plugin(agents: Iterable[kube.Pod]) -> policy.Plugin | None:
    names = {AGENTS.get(pod.metadata.labels.get(key, "")) for pod in agents for key in ("k8s-app", "app")} - {None}
    enforcing = sorted(name for name in names if name and name != "flannel")
    chosen = enforcing[0] if enforcing else ("flannel" if "flannel" in names else "")
    return policy.plugin(chosen) if chosen else None


async def _foreign(cluster: Cluster, namespaces: list[str]) -> list[Listing[Any]]:
    asked = [cluster.list(kind) for kind in kube.FOREIGN if not kind.KIND.namespaced]
    asked += [cluster.list(kind, one) for kind in kube.FOREIGN if kind.KIND.namespaced for one in namespaces]
    return await _each(asked)


def _read_foreign(listing: Listing[Any]) -> list[policy.ForeignPolicy]:
    documents = [_document(one) for one in listing.items]
    return [found for document in documents for found in policy.read_foreign(document)]


def _document(object_: kube.ForeignPolicyObject) -> dict[str, Any]:
    raw: dict[str, Any] = msgspec.to_builtins(object_)
    return raw | {"apiVersion": object_.KIND.api_version, "kind": object_.KIND.kind}


async def _owners(cluster: Cluster, pods: Iterable[kube.Pod]) -> dict[ObjectRef, ObjectRef]:
    """The topmost workload of each pod: what a policy isolates is told by it."""
    found: dict[ObjectRef, ObjectRef] = {}
    for pod in pods:
        owner = pod.metadata.controller
        if owner is not None:
            found[pod.ref] = await _topmost(cluster, owner, pod.namespace)
    return found


async def _topmost(cluster: Cluster, owner: kube.OwnerReference, namespace: str) -> ObjectRef:
    if owner.kind == "ReplicaSet":
        replica_set = await cluster.get(kube.ReplicaSet, owner.name, namespace)
        above = replica_set.metadata.controller if isinstance(replica_set, kube.ReplicaSet) else None
        owner = above or owner
    return ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=namespace, name=owner.name)
