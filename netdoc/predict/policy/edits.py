"""Edits of policies as manifests: the rule that admits one connection, and a rule less one connection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from netdoc.model.kube import NetworkPolicy
from netdoc.model.kube.policy import AdminPolicy
from netdoc.predict.policy.addresses import WIDTH, Address, parse_network
from netdoc.predict.policy.model import End, Manifest
from netdoc.predict.policy.ports import FIRST, LAST, PROTOCOLS
from netdoc.predict.policy.rules import NAME_LABEL, Direction, namespace_of

# Labels that change with each rollout, differ from pod to pod, or come from the node (KEP-4742): a policy must not
# depend on them.
_PASSING = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/job-completion-index",
        "helm.sh/chart",
        "app.kubernetes.io/version",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)


class Side(msgspec.Struct, frozen=True):
    """One end as a policy can name it: pods by namespace and labels, or addresses.

    `ends` are all pods that the labels select, the asked one among them.
    """

    namespace: str
    labels: Mapping[str, str]
    ends: tuple[End, ...]
    is_pod: bool

    @property
    def addresses(self) -> list[Address]:
        """Every address that is known, of all the ends."""
        return sorted({one for end in self.ends for one in end.addresses.values() if one}, key=lambda a: (a.version, a))

    def pod_selector(self) -> Manifest:
        return {"matchLabels": dict(self.labels)} if self.labels else {}

    def namespace_selector(self) -> Manifest:
        return {"matchLabels": {NAME_LABEL: self.namespace}}


def side_of(end: End, ends: Iterable[End]) -> Side:
    """The end, with all pods of the set that carry the labels by which a policy would name it."""
    if end.pod is None or not end.selectable:
        return Side("", {}, (end,), is_pod=False)
    namespace, labels = end.pod.namespace or "default", stable_labels(end.pod.metadata.labels)
    alike = tuple(one for one in ends if one.selectable and _carries(one, namespace, labels))
    return Side(namespace, labels, alike, is_pod=True)


def _carries(end: End, namespace: str, labels: Mapping[str, str]) -> bool:
    if end.pod is None or (end.pod.namespace or "default") != namespace:
        return False
    return labels.items() <= end.pod.metadata.labels.items()


def stable_labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in sorted(labels.items()) if key not in _PASSING}


def manifest(policy: NetworkPolicy | AdminPolicy) -> Manifest:
    """The policy as one would write it: names and spec."""
    metadata = {"name": policy.name}
    if isinstance(policy, NetworkPolicy):
        metadata["namespace"] = namespace_of(policy)
    spec = msgspec.json.decode(msgspec.json.encode(policy.spec))
    return {"apiVersion": policy.KIND.api_version, "kind": policy.KIND.kind, "metadata": metadata, "spec": spec}


def block_of(address: Address) -> str:
    return f"{address}/{WIDTH[address.version]}"


def word_of(direction: Direction) -> str:
    return "from" if direction == "ingress" else "to"


def name_for(*parts: object) -> str:
    """A name that the API takes, of at most 60 characters."""
    text = "-".join(re.sub(r"[^a-z0-9]+", "-", str(part).lower()).strip("-") for part in parts)
    return text[:60].strip("-")


# --- admitting ----------------------------------------------------------------------------------------------


def plain_peers(side: Side, own: str) -> list[Manifest]:
    """The end as peers of a NetworkPolicy in namespace `own`."""
    if not side.is_pod:
        return [{"ipBlock": {"cidr": block_of(address)}} for address in side.addresses]
    peer: Manifest = {"podSelector": side.pod_selector()}
    if side.namespace != own:
        peer = {"namespaceSelector": side.namespace_selector(), **peer}
    return [peer]


def plain_port(port: int, protocol: str) -> Manifest:
    return {"protocol": protocol, "port": port}


def plain_rule(direction: Direction, side: Side, own: str, port: int, protocol: str) -> Manifest:
    return {word_of(direction): plain_peers(side, own), "ports": [plain_port(port, protocol)]}


def new_policy(direction: Direction, name: str, subject: Side, rules: Sequence[Manifest]) -> Manifest:
    spec = {
        "podSelector": subject.pod_selector(),
        "policyTypes": [direction.capitalize()],
        direction: list(rules),
    }
    metadata = {"name": name, "namespace": subject.namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def admin_rule(
    like: AdminPolicy, direction: Direction, action: str, side: Side, port: int, protocol: str
) -> Manifest | None:
    """A rule for one connection in the kind and shape of `like`; None where the kind can't name the peer."""
    new = like.KIND.kind == "ClusterNetworkPolicy"
    if side.is_pod:
        pods: Manifest = {"podSelector": side.pod_selector()}
        if old_shape(like):
            pods["namespaces"] = {"namespaceSelector": side.namespace_selector()}
        else:
            pods["namespaceSelector"] = side.namespace_selector()
        peers: list[Manifest] = [{"pods": pods}]
    elif direction == "ingress" or not side.addresses:
        return None
    else:
        peers = [{"networks": [block_of(address) for address in side.addresses]}]
    word = {"Accept": "Accept" if new else "Allow"}.get(action, action)
    rule: Manifest = {"name": name_for(action, protocol, port), "action": word, word_of(direction): peers}
    if new:
        return rule | {"protocols": [{protocol.lower(): {"destinationPort": {"number": port}}}]}
    return rule | {"ports": [{"portNumber": {"protocol": protocol, "port": port}}]}


def old_shape(policy: AdminPolicy) -> bool:
    """Whether the policy is written as v0.1.1 of the API has it."""
    rules = (*policy.spec.ingress, *policy.spec.egress)
    peers = [peer for rule in rules for peer in (*(rule.from_ or ()), *(rule.to or ()))]
    return any(
        (peer.namespaces is not None and peer.namespaces.namespace_selector is not None)
        or (peer.pods is not None and peer.pods.namespaces is not None)
        for peer in peers
    )


# --- taking away --------------------------------------------------------------------------------------------


def less(rule: Manifest, direction: Direction, side: Side, own: str, cut: Cut) -> list[Manifest]:
    """The rules that admit what `rule` does, save `side` on the cut port. `cut` says which terms matched."""
    word = word_of(direction)
    kept, asked = _ports_without(rule.get("ports") or [], cut)
    result = []
    if kept:
        result.append({**rule, "ports": kept})
    peers = list(_peers_without(rule.get(word) or [], side, own, cut))
    if peers:
        result.append({word: peers, "ports": asked})
    return result


class Cut(msgspec.Struct, frozen=True):
    """A connection to take out of a rule: the port, the positions of the ports and peers that match it."""

    port: int
    protocol: str
    ports: frozenset[int]
    peers: frozenset[int]
    families: tuple[int, ...]


def _ports_without(ports: Sequence[Manifest], cut: Cut) -> tuple[list[Manifest], list[Manifest]]:
    """The ports that stay for everybody, and those of which one peer is to be taken."""
    if not ports:
        others = [{"protocol": protocol} for protocol in PROTOCOLS if protocol != cut.protocol]
        return [*_around(FIRST, LAST, cut), *others], [plain_port(cut.port, cut.protocol)]
    kept: list[Manifest] = []
    asked: list[Manifest] = []
    for position, port in enumerate(ports):
        if position not in cut.ports:
            kept.append(port)
        elif isinstance(port.get("port"), str):
            asked.append(port)
        else:
            kept.extend(_around(*_span(port), cut))
            if plain_port(cut.port, cut.protocol) not in asked:
                asked.append(plain_port(cut.port, cut.protocol))
    return kept, asked


def _span(port: Manifest) -> tuple[int, int]:
    """First and last of a numbered port, or of a protocol without one."""
    first = port.get("port")
    return (FIRST, LAST) if first is None else (first, port.get("endPort") or first)


def _around(first: int, last: int, cut: Cut) -> Iterator[Manifest]:
    for low, high in ((first, cut.port - 1), (cut.port + 1, last)):
        if low == high:
            yield plain_port(low, cut.protocol)
        elif low < high:
            yield {**plain_port(low, cut.protocol), "endPort": high}


def _peers_without(peers: Sequence[Manifest], side: Side, own: str, cut: Cut) -> Iterator[Manifest]:
    if not peers:
        yield from _everybody_but(side, cut)
        return
    for position, peer in enumerate(peers):
        if position not in cut.peers:
            yield peer
        elif "ipBlock" in peer:
            yield from _block_without(peer["ipBlock"], side)
        else:
            yield from _pods_without(peer, side, own)


def _everybody_but(side: Side, cut: Cut) -> Iterator[Manifest]:
    """All pods and all addresses, save those of the side."""
    if side.is_pod:
        yield from _pods_without({"namespaceSelector": {}, "podSelector": {}}, side, "")
    else:
        yield {"namespaceSelector": {}}
    for family in cut.families:
        whole = "0.0.0.0/0" if family == 4 else "::/0"
        yield from _block_without({"cidr": whole}, side)


def _block_without(block: Manifest, side: Side) -> Iterator[Manifest]:
    network = parse_network(block["cidr"])
    inside = [one for one in side.addresses if one.version == network.version and one in network]
    if any(block_of(one) == str(network) for one in inside):
        return
    excepts = [*block.get("except", ()), *(block_of(one) for one in inside)]
    yield {"ipBlock": {**block, "except": excepts} if excepts else block}


def _pods_without(peer: Manifest, side: Side, own: str) -> Iterator[Manifest]:
    """The pods of a peer that lack one of the side's labels, or are of another namespace."""
    selector, spaces = peer.get("podSelector") or {}, peer.get("namespaceSelector")
    here: Manifest = {}
    if spaces is not None:
        if spaces.get("matchLabels", {}).get(NAME_LABEL) != side.namespace:
            yield {**peer, "namespaceSelector": _and_not(spaces, NAME_LABEL, side.namespace)}
        plain = {**spaces.get("matchLabels", {}), NAME_LABEL: side.namespace}
        here = {"namespaceSelector": {**spaces, "matchLabels": plain}}
    for key, value in side.labels.items():
        if selector.get("matchLabels", {}).get(key) != value:
            yield {**here, "podSelector": _and_not(selector, key, value)}


def _and_not(selector: Manifest, key: str, value: str) -> Manifest:
    term = {"key": key, "operator": "NotIn", "values": [value]}
    return {**selector, "matchExpressions": [*selector.get("matchExpressions", ()), term]}
