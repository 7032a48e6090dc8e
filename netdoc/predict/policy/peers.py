"""The rows of a matrix: workloads or pods, and the ranges of addresses outside that policies tell apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

import msgspec

from netdoc.model.kube import Pod
from netdoc.predict.policy.addresses import Family, networks_of
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.model import End, UnknownEnd
from netdoc.predict.policy.rules import Blocks

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
    """One peer for each owner; where policies tell its pods apart, by labels or network, one for each such set."""
    groups: dict[str, dict[tuple[str, ...], list[End]]] = defaultdict(lambda: defaultdict(list))
    for end in ends:
        if end.pod is not None:
            labels = end.pod.metadata.labels
            seen = tuple(f"{key}={labels[key]}" for key in sorted(keys & labels.keys()))
            network = "hostNetwork" if end.on_host else "podNetwork"
            groups[workload_of(end.pod, owners)][*seen, network].append(end)
    for name, by_sight in groups.items():
        shared = set.intersection(*map(set, by_sight))
        for seen, members in by_sight.items():
            differing = [word for word in seen if word not in shared]
            yield _peer(name if len(by_sight) == 1 else f"{name}{{{','.join(differing)}}}", tuple(members))


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


class Directory:
    """Finds ends by the names that matrices print and batches read."""

    def __init__(self, policies: PolicySet, owners: Owners | None = None) -> None:
        self.policies = policies
        self._workloads: dict[str, list[End]] = defaultdict(list)
        for end in policies.pods():
            if end.pod is not None and not end.finished:
                self._workloads[workload_of(end.pod, owners)].append(end)
        self._peers = {peer.id: peer.ends for peer in pod_peers(policies, owners=owners)}

    def find(self, text: str) -> tuple[End, ...]:
        """The ends of `ns/pod`, `ns/workload[Kind]`, a matrix's peer, `node/name`, or an address.

        Raises UnknownEnd where nothing of the name is known.
        """
        namespace, slash, name = text.partition("/")
        if not slash:
            return (self._address(text),)
        if namespace == "node":
            return (self.policies.node(name),)
        if name.endswith("[Pod]"):
            return (self.policies.pod(namespace, name.removesuffix("[Pod]")),)
        if not name.endswith(("]", "}")):
            return (self.policies.pod(namespace, name),)
        found = tuple(self._workloads.get(text, ())) or self._peers.get(text, ())
        if not found:
            raise UnknownEnd(f"no pod of {text} is known")
        return found

    def _address(self, text: str) -> End:
        try:
            return self.policies.address(text)
        except ValueError:
            raise UnknownEnd(f"{text!r} is neither namespace/name nor an address") from None


def anybody(policies: PolicySet, family: Family = 4) -> End:
    """Somebody outside: an address of the widest range that all policies treat alike, and so name least."""
    ranges = [ip_network(peer.id) for peer in outside(policies)]
    widest = max((one for one in ranges if one.version == family), key=lambda one: one.num_addresses, default=None)
    example = "198.51.100.1" if family == 4 else "2001:db8::1"  # RFC 5737, RFC 3849
    return policies.address(str(widest[1]) if widest is not None else example)


def has_blocks(policies: PolicySet) -> bool:
    """Whether any policy names peers by address."""
    return any(
        isinstance(peer.match, Blocks)
        for one in policies.policies
        for rule in one.all_rules
        for peer in rule.peers or ()
    )
