"""Reads the policies of the two ends' namespaces, the cluster-wide ones, and who enforces them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from netdoc.api import Cluster, Gap, Listing, ObjectRef, Ports, Subject, kube, policy
from netdoc_checks.owners import topmost
from netdoc_checks.policy.ends import called_of, callers_of, each, resolvers_of
from netdoc_checks.policy.seen import Called, Caller, Seen

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


async def observe(ports: Ports, subject: Subject) -> Seen:
    cluster = ports.cluster
    callers, called, resolvers = await asyncio.gather(
        callers_of(cluster, subject), called_of(cluster, subject), resolvers_of(cluster, subject)
    )
    pods = _pods([*callers, *called, *resolvers.called])
    namespaces = sorted({pod.namespace for pod in pods})
    own, admin, foreign, spaces, nodes, agents = await asyncio.gather(
        each(cluster.list(kube.NetworkPolicy, one) for one in namespaces),
        each(cluster.list(kind) for kind in kube.ADMIN_POLICIES),
        _foreign(cluster, namespaces),
        each(cluster.get(kube.Namespace, one) for one in namespaces),
        _nodes(cluster, pods),
        _agents(cluster, pods),
    )
    plugin = _plugin(agents)
    policies = policy.PolicySet.build(
        pods,
        _spaces(spaces),
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
        resolvers=resolvers.called,
        plugin=plugin,
        gaps=_gaps([*await _ends(cluster, subject), *own, *admin, *foreign]),
        names_gap=resolvers.gap,
        owners=await _owners(cluster, pods),
    )


async def _ends(cluster: Cluster, subject: Subject) -> list[kube.Pod | Gap | None]:
    """The pods at both ends, asked for once more, which costs nothing: without one of them no policy is evaluated."""
    refs = [ref for source in subject.path.sources for ref in source.pods]
    refs += [hop.object for kind in ("endpoint", "pod") for hop in subject.path.of_kind(kind) if hop.object is not None]
    return await each(
        cluster.get(kube.Pod, ref.name, ref.namespace) for ref in dict.fromkeys(refs) if ref.kind == "Pod"
    )


def _spaces(found: Iterable[object]) -> list[kube.Namespace] | None:
    """The namespaces; None where one may not be read: then only what the name decides is known of any."""
    found = list(found)
    if any(isinstance(one, Gap) for one in found):
        return None
    return [one for one in found if isinstance(one, kube.Namespace)]


def _gaps(answers: Iterable[object]) -> tuple[Gap, ...]:
    gaps = [one if isinstance(one, Gap) else one.gap if isinstance(one, Listing) else None for one in answers]
    return tuple(gap for gap in gaps if gap is not None and gap.blocking)


def _pods(ends: Iterable[Caller | Called]) -> list[kube.Pod]:
    return list({end.pod.ref: end.pod for end in ends if end.pod is not None}.values())


async def _nodes(cluster: Cluster, pods: Iterable[kube.Pod]) -> list[kube.Node | Gap | None]:
    names = sorted({pod.spec.node_name for pod in pods if pod.spec.node_name})
    return await each(cluster.get(kube.Node, name) for name in names)


async def _agents(cluster: Cluster, pods: Iterable[kube.Pod]) -> tuple[kube.Pod, ...]:
    """One look at who runs the pod network, on one node of the path: it is the same on every node.

    A refusal costs what is said of it, never the verdict.
    """
    node = min((pod.spec.node_name for pod in pods if pod.spec.node_name), default="")
    roles = ",".join(sorted(AGENTS))
    here = f"spec.nodeName={node}" if node else ""
    listings = await each(
        cluster.list(kube.Pod, labels=f"{key} in ({roles})", fields=here) for key in ("k8s-app", "app")
    )
    return tuple(pod for listing in listings for pod in listing.items if not pod.finished)


def _plugin(agents: Iterable[kube.Pod]) -> policy.Plugin | None:
    """Who enforces: where flannel carries the packets, another may enforce beside it."""
    names = {AGENTS.get(pod.metadata.labels.get(key, "")) for pod in agents for key in ("k8s-app", "app")} - {None}
    enforcing = sorted(name for name in names if name and name != "flannel")
    chosen = enforcing[0] if enforcing else ("flannel" if "flannel" in names else "")
    return policy.plugin(chosen) if chosen else None


async def _foreign(cluster: Cluster, namespaces: list[str]) -> list[Listing[Any]]:
    asked = [cluster.list(kind) for kind in kube.FOREIGN if not kind.KIND.namespaced]
    asked += [cluster.list(kind, one) for kind in kube.FOREIGN if kind.KIND.namespaced for one in namespaces]
    return await each(asked)


def _read_foreign(listing: Listing[Any]) -> list[policy.ForeignPolicy]:
    documents = [_document(one) for one in listing.items]
    return [found for document in documents for found in policy.read_foreign(document)]


def _document(object_: kube.ForeignPolicyObject) -> dict[str, Any]:
    raw: dict[str, Any] = msgspec.to_builtins(object_)
    return raw | {"apiVersion": object_.KIND.api_version, "kind": object_.KIND.kind}


async def _owners(cluster: Cluster, pods: Iterable[kube.Pod]) -> dict[ObjectRef, ObjectRef]:
    """The topmost workload of each pod: what a policy isolates is told by it."""
    return {pod.ref: await topmost(cluster, pod) for pod in pods if pod.metadata.controller is not None}
