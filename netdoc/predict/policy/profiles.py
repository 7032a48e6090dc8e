"""Profiles: all that the policies of a set can see of a pod or an address.

Ends with one profile are told apart by no policy of the set, so whatever holds for one holds for all of them.
Sets of profiles are bits of an integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from netdoc.model.kube import LabelSelector, Node, Pod
from netdoc.predict.policy.addresses import Address, Block, BlockIndex, Family, holds_whole_family, parse_address
from netdoc.predict.policy.ports import PROTOCOLS, Span
from netdoc.predict.policy.rules import NAME_LABEL, Blocks, Domains, Match, Nodes, Pods, Policy, Relation
from netdoc.predict.selectors import LabelIndex, bits, canonical, keys_of, matches

Labels = Mapping[str, str]
Pairs = tuple[tuple[str, str], ...]
NamedPort = tuple[str, str, int]  # name, protocol, number
FAMILIES: tuple[Family, Family] = (4, 6)
UNKNOWN = -1  # a pod has an address of the family, and nothing says which


class Profile(NamedTuple):
    """`namespace` None: not a pod that policies select (outside the cluster, a node, host network).

    `v4` and `v6` are the blocks that hold the address; None without one, UNKNOWN where it is not known.
    `host` is None off the nodes' own network, else the node's labels, or () of a node that is not known.
    """

    namespace: str | None
    labels: Pairs
    ports: tuple[NamedPort, ...]
    v4: int | None
    v6: int | None
    host: Pairs | None
    host_known: bool = True


class Matched(NamedTuple):
    """The profiles that a peer matches for certain, and those that it may match, for IPv4 and IPv6."""

    sure: tuple[int, int]
    maybe: tuple[int, int]

    def narrowed(self, to: int) -> Matched:
        return Matched(
            (self.sure[0] & to, self.sure[1] & to),
            (self.maybe[0] & to, self.maybe[1] & to),
        )


class Vocabulary:
    """What the policies of a set look at: label keys, port names, blocks, node label keys."""

    def __init__(self, policies: Iterable[Policy], selectors: Iterable[LabelSelector | None] = ()) -> None:
        """`selectors` are others that must tell pods apart too."""
        matches: list[Match] = []
        self.port_names: set[str] = set()
        self.spans: list[Span] = []
        for policy in policies:
            matches.append(policy.subject)
            for rule in policy.all_rules:
                matches.extend(peer.match for peer in rule.peers or ())
                for port in rule.ports or ():
                    if port.name is not None:
                        self.port_names.add(port.name)
                    elif port.protocol is not None:
                        self.spans.append((port.protocol, port.first, port.last))
        self.pod_keys = keys_of((*selectors, *(match.pods for match in matches if isinstance(match, Pods))))
        self.node_keys = keys_of(match.selector for match in matches if isinstance(match, Nodes))
        self.blocks = BlockIndex(one for match in matches if isinstance(match, Blocks) for one in match.blocks)

    def labels(self, labels: Labels) -> Pairs:
        return tuple(sorted((key, value) for key, value in labels.items() if key in self.pod_keys))

    def node_labels(self, labels: Labels) -> Pairs:
        return tuple(sorted((key, value) for key, value in labels.items() if key in self.node_keys))

    def ports(self, pod: Pod) -> tuple[NamedPort, ...]:
        """The pod's ports that some rule names, native sidecars' included."""
        if not self.port_names:
            return ()
        return tuple(sorted({port for port in named_ports(pod) if port[0] in self.port_names}))


def named_ports(pod: Pod) -> Iterator[NamedPort]:
    for container in pod.serving_containers:
        for port in container.ports:
            protocol = port.protocol or "TCP"
            if port.name and protocol in PROTOCOLS and 1 <= port.container_port <= 65535:
                yield port.name, protocol, port.container_port


def by_family(addresses: Iterable[str]) -> dict[Family, Address]:
    """The first readable address of each family."""
    found: dict[Family, Address] = {}
    for text in addresses:
        try:
            address = parse_address(text)
        except ValueError:
            continue
        found.setdefault(address.version, address)
    return found


class ProfileIndex:
    """The profiles of a cluster under a policy set, each once, and which of them a peer matches."""

    def __init__(
        self,
        words: Vocabulary,
        namespaces: Mapping[str, Labels],
        *,
        namespaces_known: bool,
        nodes: Sequence[Node] | None,
        families: tuple[Family, ...],
        ignore_pod_blocks: bool,
    ) -> None:
        self._words = words
        self._namespaces = namespaces
        self._namespaces_known = namespaces_known
        self._nodes = None if nodes is None else {node.name: node for node in nodes}
        self._families = families
        self._ignore_pod_blocks = ignore_pod_blocks
        self.position: dict[Profile, int] = {}
        self.profiles: list[Profile] = []

    def enter(self, profile: Profile) -> int:
        """The profile's position; it is added where it is new. Only before `close`."""
        known = self.position.get(profile)
        if known is None:
            known = self.position[profile] = len(self.profiles)
            self.profiles.append(profile)
        return known

    def of_pod(self, pod: Pod, addresses: Mapping[Family, Address]) -> Profile:
        if pod.spec.host_network:
            return self.of_host(pod.spec.node_name, addresses)
        v4, v6 = self._signatures(addresses, unknown=not addresses)
        namespace = pod.namespace or "default"
        return Profile(namespace, self._words.labels(pod.metadata.labels), self._words.ports(pod), v4, v6, None)

    def of_host(self, node: str, addresses: Mapping[Family, Address]) -> Profile:
        """A node, or a pod in its network: to policies it is the node's address, not a pod."""
        v4, v6 = self._signatures(addresses, unknown=not addresses)
        known = None if self._nodes is None else self._nodes.get(node)
        labels = self._words.node_labels(known.metadata.labels) if known else ()
        return Profile(None, (), (), v4, v6, labels, known is not None or not self._words.node_keys)

    def of_address(self, address: Address) -> Profile:
        """An address that belongs to no pod and no known node."""
        v4, v6 = self._signatures({address.version: address}, unknown=False)
        return Profile(None, (), (), v4, v6, None)

    def _signatures(self, addresses: Mapping[Family, Address], *, unknown: bool) -> tuple[int | None, int | None]:
        if unknown:
            return (UNKNOWN if 4 in self._families else None, UNKNOWN if 6 in self._families else None)
        blocks = self._words.blocks
        found = [blocks.signature(addresses[f]) if f in addresses else None for f in FAMILIES]
        return found[0], found[1]

    def close(self) -> None:
        """Index the profiles entered so far; from here on peers can be matched."""
        profiles = self.profiles
        self.everything = (1 << len(profiles)) - 1
        self.pods = bits(i for i, one in enumerate(profiles) if one.namespace is not None)
        self._outside = bits(i for i, one in enumerate(profiles) if one.namespace is None and one.host is None)
        self._hosts = bits(i for i, one in enumerate(profiles) if one.host is not None)
        self._strange_hosts = bits(i for i, one in enumerate(profiles) if one.host is not None and not one.host_known)
        self._labels = LabelIndex([dict(one.labels) for one in profiles])
        self._host_labels = LabelIndex([dict(one.host or ()) for one in profiles])
        self._in_block = {4: self._by_block(4), 6: self._by_block(6)}
        self._of_namespace = self._by_namespace()
        self._names = tuple(self._of_namespace)
        self._namespace_labels = LabelIndex([self._namespaces[name] for name in self._names])
        self._selected_namespaces: dict[frozenset[str], int] = {}
        self._matched: dict[object, Matched] = {}

    def _by_block(self, family: Family) -> tuple[dict[int, int], int, int]:
        """For each block the profiles inside; those whose address is unknown; those that have one at all."""
        inside: dict[int, list[int]] = {}
        unknown: list[int] = []
        present: list[int] = []
        for position, profile in enumerate(self.profiles):
            signature = profile.v4 if family == 4 else profile.v6
            if signature is None:
                continue
            present.append(position)
            if signature == UNKNOWN:
                unknown.append(position)
            else:
                inside.setdefault(signature, []).append(position)
        return self._spread(inside), bits(unknown), bits(present)

    def _spread(self, by_signature: Mapping[int, list[int]]) -> dict[int, int]:
        found: dict[int, int] = {}
        for signature, where in by_signature.items():
            chosen, left = bits(where), signature
            while left:
                low = left & -left
                block = low.bit_length() - 1
                found[block] = found.get(block, 0) | chosen
                left ^= low
        return found

    def _by_namespace(self) -> dict[str, int]:
        members: dict[str, list[int]] = {}
        for position, profile in enumerate(self.profiles):
            if profile.namespace is not None:
                members.setdefault(profile.namespace, []).append(position)
        return {name: bits(where) for name, where in members.items()}

    def present(self, family: Family) -> int:
        """The profiles that have an address of the family."""
        return self._in_block[family][2]

    def in_namespace(self, name: str) -> int:
        return self._of_namespace.get(name, 0)

    def match(self, match: Match, own: str | None = None) -> Matched:
        """The profiles that a peer matches; `own` is the subject's namespace, for peers that refer to it."""
        related = isinstance(match, Pods) and match.relation is not None
        key = (_key(match), own if related else None)
        known = self._matched.get(key)
        if known is None:
            known = self._matched[key] = self._match(match, own)
        return known

    def _match(self, match: Match, own: str | None) -> Matched:
        if isinstance(match, Pods):
            sure, maybe = self.pods_of(match, own)
            return Matched((sure, sure), (maybe, maybe))
        if isinstance(match, Blocks):
            return self._match_blocks(match.blocks)
        if isinstance(match, Nodes):
            return self._match_nodes(match.selector)
        if isinstance(match, Domains):
            return Matched((0, 0), (self._outside, self._outside))
        return Matched((0, 0), (0, 0))

    def pods_of(self, match: Pods, own: str | None = None) -> tuple[int, int]:
        """The pod profiles in the match, for certain and perhaps."""
        labelled = self._labels.select(match.pods) & self.pods
        if match.namespace is not None:
            return labelled & self.in_namespace(match.namespace), 0
        if match.relation is not None:
            if not self._namespaces_known:
                return 0, labelled if match.relation.keys else 0
            return labelled & self._related(match.relation, own), 0
        sure, maybe = self._namespaces_of(match.namespaces)
        return labelled & sure, labelled & maybe

    def _related(self, relation: Relation, own: str | None) -> int:
        """v0.1.1: sameLabels and notSameLabels, both nothing where empty."""
        mine = self._namespaces.get(own or "", {})
        return self._members(name for name in self._names if related(relation, mine, self._namespaces[name]))

    def _namespaces_of(self, selector: LabelSelector | None) -> tuple[int, int]:
        if selector is None:
            return 0, 0
        if self._namespaces_known:
            chosen = self._namespace_labels.select(selector)
            return self._members(name for i, name in enumerate(self._names) if chosen >> i & 1), 0
        sure, maybe = split_unread(selector, self._names)
        return self._members(sure), self._members(maybe)

    def _members(self, names: Iterable[str]) -> int:
        key = frozenset(names)
        known = self._selected_namespaces.get(key)
        if known is None:
            known = 0
            for name in key:
                known |= self._of_namespace[name]
            self._selected_namespaces[key] = known
        return known

    def _match_blocks(self, blocks: Iterable[Block]) -> Matched:
        sure, maybe = [0, 0], [0, 0]
        for i, family in enumerate(FAMILIES):
            inside, unknown, _ = self._in_block[family]
            for one in blocks:
                sure[i] |= inside.get(self._words.blocks.position[one], 0)
                if holds_whole_family(one, family):
                    sure[i] |= unknown
                elif one_family(one) == family:
                    maybe[i] |= unknown
        matched = Matched((sure[0], sure[1]), (maybe[0] & ~sure[0], maybe[1] & ~sure[1]))
        return matched.narrowed(self.everything & ~self.pods) if self._ignore_pod_blocks else matched

    def _match_nodes(self, selector: LabelSelector) -> Matched:
        sure = self._host_labels.select(selector) & self._hosts & ~self._strange_hosts
        if not canonical(selector):
            sure |= self._hosts
        maybe = self._strange_hosts | (self._outside if self._nodes is None else 0)
        return Matched((sure, sure), (maybe & ~sure, maybe & ~sure))


def related(relation: Relation, mine: Labels, theirs: Labels) -> bool:
    """Decide sameLabels (all keys present on both, with equal values) or notSameLabels (no such key on it)."""
    if not relation.keys:
        return False
    if relation.same:
        return all(key in theirs and mine.get(key) == theirs[key] for key in relation.keys)
    return not any(key in theirs for key in relation.keys)


def split_unread(selector: LabelSelector, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Namespaces of which only the name label is known: which match for certain, and which may."""
    sure: list[str] = []
    maybe: list[str] = []
    by_name = keys_of((selector,)) <= {NAME_LABEL}
    for name in names:
        if known_terms_match(selector, name):
            (sure if by_name else maybe).append(name)
    return sure, maybe


def known_terms_match(selector: LabelSelector, name: str) -> bool:
    """Whether the terms about the name label hold; others can't be judged."""
    plain = {key: value for key, value in selector.match_labels.items() if key == NAME_LABEL}
    terms = tuple(one for one in selector.match_expressions if one.key == NAME_LABEL)
    return matches(LabelSelector(match_labels=plain, match_expressions=terms), {NAME_LABEL: name})


def one_family(one: Block) -> Family:
    return 6 if ":" in one[0] else 4


def _key(match: Match) -> object:
    """Equal for matches that say the same; selectors hold dicts, which do not hash."""
    if isinstance(match, Pods):
        return (
            "pods",
            canonical(match.pods),
            match.namespace,
            None if match.namespaces is None else canonical(match.namespaces),
            match.relation,
        )
    if isinstance(match, Nodes):
        return "nodes", canonical(match.selector)
    return match
