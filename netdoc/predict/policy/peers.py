"""The rows of a matrix: workloads or pods, and the ranges of addresses outside that policies tell apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from netdoc.model.kube import Pod
from netdoc.predict.policy.addresses import networks_of
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.model import End, UnknownEnd

OwnerKey = tuple[str, str, str]  # namespace, kind, name
Owners = Mapping[OwnerKey, tuple[str, str]]  # to kind and name


class Peer(msgspec.Struct, frozen=True):
    """Ends that a matrix shows as one. Without ends: addresses outside. `host_nodes`: nodes it is on the network of."""

    id: str
    ends: tuple[End, ...]
    profiles: tuple[int, ...]
    nodes: frozenset[str]
    host_nodes: frozenset[str]


def workload_of(pod: Pod, owners: Owners | None = None) -> str:
    """`namespace/name[Kind]` of the topmost owner; a bare pod is its own.

    `owners` says who owns a ReplicaSet or a Job. Without it, a ReplicaSet whose name ends in its pods' template
    hash is a Deployment's (the Deployment controller names them so).
    """
    namespace = pod.namespace or "default"
    controller = pod.metadata.controller
    if controller is None:
        return f"{namespace}/{pod.name}[Pod]"
    kind, name = controller.kind, controller.name
    while owners and (namespace, kind, name) in owners:
        kind, name = owners[namespace, kind, name]
    if kind == "ReplicaSet" and owners is None:
        hash_label = pod.metadata.labels.get("pod-template-hash", "")
        if hash_label and name.endswith(f"-{hash_label}"):
            kind, name = "Deployment", name.removesuffix(f"-{hash_label}")
    return f"{namespace}/{name}[{kind}]"


def peers_of(policies: PolicySet, *, by_pod: bool = False, owners: Owners | None = None) -> list[Peer]:
    """Workloads (or pods) by id, then addresses outside. Finished pods take no part."""
    return pod_peers(policies, by_pod=by_pod, owners=owners) + list(outside(policies))


def pod_peers(
    policies: PolicySet,
    *,
    by_pod: bool = False,
    owners: Owners | None = None,
    keys: frozenset[str] = frozenset(),
) -> list[Peer]:
    """Workloads, or pods, by id. `keys` are label keys that tell pods apart besides those of the policies."""
    running = [end for end in policies.pods() if not end.finished]
    if by_pod:
        found = [_peer(f"{end.id}[Pod]", (end,)) for end in running]
    else:
        found = list(_workloads(running, owners, policies.label_keys | keys))
    return sorted(found, key=lambda peer: peer.id)


def _workloads(ends: Iterable[End], owners: Owners | None, keys: frozenset[str]) -> Iterator[Peer]:
    """One peer for each owner, and where policies tell its pods apart by labels, one for each such set."""
    groups: dict[str, dict[tuple[tuple[str, str], ...], list[End]]] = defaultdict(lambda: defaultdict(list))
    for end in ends:
        if end.pod is not None:
            labels = end.pod.metadata.labels
            seen = tuple((key, labels[key]) for key in sorted(keys & labels.keys()))
            groups[workload_of(end.pod, owners)][seen].append(end)
    for name, by_labels in groups.items():
        for labels_seen, members in by_labels.items():
            suffix = "" if len(by_labels) == 1 else "{" + ",".join(f"{key}={value}" for key, value in labels_seen) + "}"
            yield _peer(name + suffix, tuple(members))


def _peer(name: str, ends: tuple[End, ...]) -> Peer:
    return Peer(
        id=name,
        ends=ends,
        profiles=tuple(sorted({end.profile for end in ends})),
        nodes=frozenset(end.node for end in ends if end.node),
        host_nodes=frozenset(end.node for end in ends if end.node and end.on_host),
    )


def outside(policies: PolicySet) -> Iterator[Peer]:
    """Addresses outside, as disjoint CIDR blocks; each is alike throughout to every policy."""
    families = policies.families + tuple(
        family for family in policies.block_families() if family not in policies.families
    )
    for family in families:
        cells = [
            (first, last, profile) for profile, ranges in policies.outside[family].items() for first, last in ranges
        ]
        for first, last, profile in sorted(cells, key=lambda cell: int(cell[0])):
            for network in networks_of(first, last):
                yield Peer(network, (), (profile,), frozenset(), frozenset())


def ends_of(policies: PolicySet, text: str, owners: Owners | None = None) -> tuple[End, ...]:
    """The ends that a batch line names: `ns/pod`, `ns/workload[Kind]`, `node/name`, or an address.

    Raises UnknownEnd where nothing of the name is known.
    """
    if "/" not in text:
        try:
            return (policies.address(text),)
        except ValueError:
            raise UnknownEnd(f"{text!r} is neither namespace/name nor an address") from None
    namespace, _, name = text.partition("/")
    if namespace == "node":
        return (policies.node(name),)
    if name.endswith("[Pod]") or not name.endswith("]"):
        return (policies.pod(namespace, name.removesuffix("[Pod]")),)
    found = tuple(
        end for end in policies.pods() if end.pod and not end.finished and workload_of(end.pod, owners) == text
    )
    if not found:
        raise UnknownEnd(f"no pod of {text} is known")
    return found
