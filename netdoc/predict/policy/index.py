"""A policy set, indexed: pods, namespaces and policies of one cluster, ready for questions.

Nothing that a question can see changes after `PolicySet.build`; what is remembered between questions (a
subject's chain of clauses) only makes the next one faster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from netdoc.model.kube import Namespace, NetworkPolicy, Node, ObjectRef, Pod
from netdoc.model.kube.policy import AdminPolicy
from netdoc.predict.policy.addresses import Address, Family, Network, parse_address
from netdoc.predict.policy.clauses import OPEN, Chain, Clause, Compiled, Compiler, by_priority, outcomes
from netdoc.predict.policy.model import End, ForeignPolicy, IPBlockMode, Refused, UnknownEnd, agreed, both
from netdoc.predict.policy.ports import PROTOCOLS, PortSpace
from netdoc.predict.policy.profiles import FAMILIES, ProfileIndex, Vocabulary, by_family
from netdoc.predict.policy.rules import DIRECTIONS, NAME_LABEL, AnyPolicy, Direction, Policy, normal
from netdoc.predict.policy.validate import validate
from netdoc.predict.selectors import matches, positions

PodKey = tuple[str, str]
Judged = Mapping[int, Policy | Refused]


class Inputs(msgspec.Struct, frozen=True):
    """What a set was built from, kept so that it can be built again with one policy changed."""

    pods: tuple[Pod, ...]
    namespaces: tuple[Namespace, ...] | None
    policies: tuple[NetworkPolicy, ...]
    admin: tuple[AdminPolicy, ...]
    nodes: tuple[Node, ...] | None
    foreign: tuple[ForeignPolicy, ...]
    ipblock_pods: IPBlockMode


class PolicySet:
    """The indexed set. Build with `PolicySet.build`."""

    @classmethod
    def build(
        cls,
        pods: Iterable[Pod],
        namespaces: Iterable[Namespace] | None,
        policies: Iterable[NetworkPolicy] = (),
        admin: Iterable[AdminPolicy] = (),
        *,
        nodes: Iterable[Node] | None = None,
        foreign: Iterable[ForeignPolicy] = (),
        ipblock_pods: IPBlockMode = "match",
    ) -> PolicySet:
        """Index a cluster's pods and policies.

        `namespaces` None: they could not be read, so that only name labels are known; one that is missing from
        the list has its name label only. `nodes` None: not read. `admin` holds AdminNetworkPolicies,
        BaselineAdminNetworkPolicies and ClusterNetworkPolicies. Policies that the API server would refuse are
        kept apart, in `refused`.
        """
        return cls(
            Inputs(
                tuple(pods),
                None if namespaces is None else tuple(namespaces),
                tuple(policies),
                tuple(admin),
                None if nodes is None else tuple(nodes),
                tuple(foreign),
                ipblock_pods,
            )
        )

    def __init__(self, inputs: Inputs, judged: Judged | None = None) -> None:
        """`judged` holds, by identity, policies that another set has read already."""
        self.inputs = inputs
        self._judged = _judge([*inputs.policies, *inputs.admin], judged or {})
        self.policies = tuple(one for one in self._judged.values() if isinstance(one, Policy))
        self.refused = tuple(one for one in self._judged.values() if isinstance(one, Refused))
        self.namespaces = _namespace_labels(inputs)
        self._by_place: dict[tuple[str, str], list[Policy]] = defaultdict(list)
        for policy in self.policies:
            self._by_place[policy.tier, policy.ref.namespace].append(policy)
        self._words = Vocabulary(self.policies, [one.selector for one in inputs.foreign])
        addresses = [by_family(_addresses(pod)) for pod in inputs.pods]
        self.families, self.families_assumed = self._which_families(addresses)
        self.profiles = ProfileIndex(
            self._words,
            self.namespaces,
            namespaces_known=inputs.namespaces is not None,
            nodes=inputs.nodes,
            families=self.families,
            ignore_pod_blocks=inputs.ipblock_pods == "ignore",
        )
        self._enter_pods(addresses)
        self._enter_nodes()
        self.outside = {family: self._enter_outside(family) for family in FAMILIES}
        self.profiles.close()
        self.ports = PortSpace([*self._words.spans, *self._named_spans()])
        self._compile()

    # --- building -------------------------------------------------------------------------------------------

    def _which_families(self, pods: Sequence[Mapping[Family, Address]]) -> tuple[tuple[Family, ...], bool]:
        """The cluster's address families: those of its pods and nodes; assumed from CIDRs, else IPv4."""
        nodes = [by_family((*node.addresses, *_pod_networks(node))) for node in self.inputs.nodes or ()]
        seen = {family for one in (*pods, *nodes) for family in one}
        guessed = seen or self._words.blocks.families() or {4}
        return tuple(family for family in FAMILIES if family in guessed), not seen

    def _enter_pods(self, addresses: Sequence[Mapping[Family, Address]]) -> None:
        self._pods: dict[PodKey, End] = {}
        self._by_address: dict[Address, End] = {}
        self._by_profile: dict[int, list[End]] = defaultdict(list)
        self._inside: dict[Network, list[str]] = {}
        hosts: dict[Address, str] = {}
        for pod, found in zip(self.inputs.pods, addresses, strict=True):
            end = self._pod_end(pod, found)
            self._pods[pod.namespace or "default", pod.name] = end
            if end.selectable:
                self._by_profile[end.profile].append(end)
            if end.selectable:
                self._by_address.update((address, end) for address in found.values())
            elif end.on_host and not end.finished:
                hosts.update((address, end.node) for address in found.values())
            hosts.update((one, end.node) for one in by_family(pod.node_addresses).values())
        self._hosts = hosts
        self._host_pods = [end for end in self._pods.values() if end.on_host and not end.finished]

    def _pod_end(self, pod: Pod, found: Mapping[Family, Address]) -> End:
        known: Mapping[Family, Address | None] = found or dict.fromkeys(self.families)
        return End(
            id=f"{pod.namespace or 'default'}/{pod.name}",
            pod=pod,
            node=_node_of(pod),
            on_host=pod.spec.host_network,
            finished=pod.finished,
            addresses=known,
            families=_ordered(known),
            profile=-1 if pod.finished else self.profiles.enter(self.profiles.of_pod(pod, found)),
        )

    def _enter_nodes(self) -> None:
        """Addresses of nodes, from the nodes themselves and from what pods say of the node they run on."""
        for node in self.inputs.nodes or ():
            for text in node.addresses:
                for address in by_family((text,)).values():
                    self._hosts[address] = node.name
        for address, name in self._hosts.items():
            profile = self.profiles.enter(self.profiles.of_host(name, {address.version: address}))
            end = _address_end(address, profile, node=name, on_host=True)
            self._by_address.setdefault(address, end)

    def _enter_outside(self, family: Family) -> dict[int, list[tuple[Address, Address]]]:
        """The ranges of addresses outside that policies tell apart, by profile."""
        found: dict[int, list[tuple[Address, Address]]] = defaultdict(list)
        for _, first, last in self._words.blocks.cells(family):
            found[self.profiles.enter(self.profiles.of_address(first))].append((first, last))
        return dict(found)

    def _named_spans(self) -> Iterator[tuple[str, int, int]]:
        for profile in self.profiles.profiles:
            for _, protocol, number in profile.ports:
                yield protocol, number, number

    def _compile(self) -> None:
        compiler = Compiler(self.profiles, self.ports)
        self.compiled: dict[Direction, list[Compiled]] = {}
        self._plain: dict[Direction, dict[str, list[Compiled]]] = {}
        self._tiers: dict[tuple[Direction, str], list[list[Compiled]]] = {}
        for direction in DIRECTIONS:
            found = [one for policy in self.policies for one in compiler.compile(policy, direction)]
            self.compiled[direction] = found
            plain: dict[str, list[Compiled]] = defaultdict(list)
            for one in found:
                if one.policy.tier == "NetworkPolicy":
                    plain[one.policy.ref.namespace].append(one)
            self._plain[direction] = dict(plain)
            for tier in ("Admin", "Baseline"):
                self._tiers[direction, tier] = by_priority(one for one in found if one.policy.tier == tier)
        self._chains: dict[tuple[Direction, int], Chain] = {}
        self._interned: dict[object, Chain] = {}

    # --- ends -----------------------------------------------------------------------------------------------

    def pod(self, namespace: str, name: str) -> End:
        """Raises UnknownEnd where there is no such pod."""
        try:
            return self._pods[namespace, name]
        except KeyError:
            raise UnknownEnd(f"there is no pod {namespace}/{name}") from None

    def outside_profile(self, address: Address) -> int:
        """The profile of an address that belongs to no pod and no node."""
        return self.profiles.position[self.profiles.of_address(address)]

    @property
    def label_keys(self) -> frozenset[str]:
        """The label keys by which the policies tell pods apart."""
        return self._words.pod_keys

    def block_families(self) -> frozenset[Family]:
        """The address families of the CIDR blocks in policies."""
        return self._words.blocks.families()

    def pods(self) -> Iterator[End]:
        return iter(self._pods.values())

    def address(self, text: str) -> End:
        """The pod or node that has the address, else the address itself, outside. Raises ValueError.

        The end has the family of the address only, also where a pod has both.
        """
        address = parse_address(text)
        known = self._by_address.get(address)
        if known is None:
            return _address_end(address, self.outside_profile(address), node="", on_host=False)
        if len(known.families) == 1:
            return known
        return msgspec.structs.replace(known, addresses={address.version: address}, families=(address.version,))

    def node(self, name: str) -> End:
        """A node, by all its addresses. Raises UnknownEnd where none is known."""
        found = by_family(str(address) for address, owner in self._hosts.items() if owner == name)
        if not found:
            raise UnknownEnd(f"no address of node {name} is known")
        return End(f"node/{name}", None, name, True, False, found, _ordered(found), -1)

    @property
    def host_pods(self) -> list[End]:
        """Running pods in their node's network."""
        return self._host_pods

    def ends_with(self, profiles: int) -> list[End]:
        """The pods of these profiles (as bits)."""
        return [end for where in positions(profiles) for end in self._by_profile.get(where, ())]

    def pods_inside(self, network: Network) -> list[str]:
        """The ids of pods that have an address in the block."""
        known = self._inside.get(network)
        if known is None:
            ends = self._by_address.items()
            known = sorted(end.id for address, end in ends if end.selectable and address in network)
            self._inside[network] = known
        return known

    def priority_groups(self, direction: Direction, tier: str) -> list[list[Compiled]]:
        """Policies of an admin tier in order of precedence, those of one priority together."""
        return self._tiers[direction, tier]

    # --- questions ------------------------------------------------------------------------------------------

    def allowed(
        self, source: End, destination: End, port: int, protocol: str = "TCP", family: Family | None = None
    ) -> bool | None:
        """Whether the connection is allowed; None where that cannot be known. `evaluate` says why.

        The port is the destination pod's own: after Services are resolved.
        """
        if source.finished or destination.finished:
            return None
        if bypass(source, destination):
            return True
        families = shared_families(source, destination) if family is None else (family,)
        if len(families) == 1:
            return self._allowed(source, destination, port, protocol, families[0])
        return agreed([self._allowed(source, destination, port, protocol, one) for one in families])

    def _allowed(self, source: End, destination: End, port: int, protocol: str, family: Family) -> bool | None:
        egress = self._decide("egress", source, destination, port, protocol, family)
        if egress is False:
            return False
        return both(egress, self._decide("ingress", destination, source, port, protocol, family))

    def _decide(
        self, direction: Direction, subject: End, peer: End, port: int, protocol: str, family: Family
    ) -> bool | None:
        if not subject.selectable:
            return True
        if self.inputs.foreign and self.foreign(direction, subject):
            return None
        if protocol not in PROTOCOLS:
            return None if self.selecting(direction, subject) else True
        chain = self.chain(direction, subject.profile)
        if chain is OPEN:
            return True
        at = self._position(peer, family)
        accept, deny = outcomes(chain, at, family == 6, self.ports.bit(protocol, port))
        return None if accept and deny else bool(accept)

    def _position(self, end: End, family: Family) -> int:
        """The profile of an end; for a node with several addresses, that of its address in the family."""
        return end.profile if end.profile >= 0 else self.address(str(end.addresses[family])).profile

    def foreign(self, direction: Direction, subject: End) -> tuple[ForeignPolicy, ...]:
        """The policies of the CNI's own kinds that may decide this direction of the subject."""
        if not self.inputs.foreign or not subject.selectable:
            return ()
        return tuple(one for one in self._foreign_of(subject.profile) if direction in one.directions)

    def foreign_directions(self, profile: int) -> frozenset[Direction]:
        """The directions of a profile that policies of the CNI's own kinds may decide."""
        if not self.inputs.foreign:
            return frozenset()
        return frozenset(direction for one in self._foreign_of(profile) for direction in one.directions)

    def _foreign_of(self, profile: int) -> list[ForeignPolicy]:
        seen = self.profiles.profiles[profile]
        labels = dict(seen.labels)
        return [
            one
            for one in self.inputs.foreign
            if seen.namespace is not None
            and one.namespace in (None, seen.namespace)
            and (one.selector is None or matches(one.selector, labels))
        ]

    def of_tier(self, tier: str, namespace: str) -> list[Policy]:
        """The policies of a tier that may select pods of the namespace."""
        return self._by_place.get((tier, namespace if tier == "NetworkPolicy" else ""), [])

    def selecting(self, direction: Direction, subject: End) -> list[Policy]:
        """The policies that select the subject and speak of the direction, admin tiers included."""
        if not subject.selectable:
            return []
        return [one.policy for one in self.compiled[direction] if one.subjects >> subject.profile & 1]

    def chain(self, direction: Direction, profile: int) -> Chain:
        """The clauses that a subject of this profile passes."""
        known = self._chains.get((direction, profile))
        if known is None:
            known = self._chains[direction, profile] = self._build_chain(direction, profile)
        return known

    def _build_chain(self, direction: Direction, profile: int) -> Chain:
        namespace = self.profiles.profiles[profile].namespace
        if namespace is None:
            return OPEN
        chosen = [one for one in self._plain[direction].get(namespace, ()) if one.subjects >> profile & 1]
        plain = tuple(clause for one in chosen for clause in _own(one, profile))
        admin, baseline = (self._tier(direction, tier, profile) for tier in ("Admin", "Baseline"))
        if not (chosen or admin or baseline):
            return OPEN
        key = (tuple(map(id, plain)), bool(chosen), _identity(admin), _identity(baseline))
        return self._interned.setdefault(key, Chain(admin, bool(chosen), plain, baseline))

    def _tier(self, direction: Direction, tier: str, profile: int) -> tuple[tuple[tuple[Clause, ...], ...], ...]:
        groups = []
        for group in self._tiers[direction, tier]:
            chosen = tuple(own for one in group if (own := _own(one, profile)))
            if chosen:
                groups.append(chosen)
        return tuple(groups)

    def replaced(self, *, without: Iterable[ObjectRef] = (), added: Iterable[AnyPolicy] = ()) -> PolicySet:
        """The same cluster with some policies taken away and others added."""
        gone, new, inputs = set(without), list(added), self.inputs
        kept = [policy for policy in (*inputs.policies, *inputs.admin) if self._judged[id(policy)].ref not in gone]
        chosen = [*kept, *new]
        return self._again(
            policies=tuple(one for one in chosen if isinstance(one, NetworkPolicy)),
            admin=tuple(one for one in chosen if isinstance(one, AdminPolicy)),
        )

    def with_pods(self, pods: Iterable[Pod]) -> PolicySet:
        """The same policies over other pods."""
        return self._again(pods=tuple(pods))

    def _again(self, **changed: object) -> PolicySet:
        return PolicySet(msgspec.structs.replace(self.inputs, **changed), self._judged)


def bypass(source: End, destination: End) -> bool:
    """Traffic that no policy touches: a pod with itself, a pod with its own node, and what is on the nodes.

    NetworkPolicy documentation: "Traffic to and from the node where a Pod is running is always allowed", and a
    pod cannot block access to itself.
    """
    return own_address(source, destination) or own_node(source, destination)


def own_address(source: End, destination: End) -> bool:
    return source.pod is not None and source.pod is destination.pod


def own_node(source: End, destination: End) -> bool:
    return bool(source.node) and source.node == destination.node and (source.on_host or destination.on_host)


def shared_families(source: End, destination: End) -> tuple[Family, ...]:
    if source.families == destination.families:
        return source.families
    return tuple(family for family in destination.families if family in source.addresses)


def _ordered(addresses: Mapping[Family, Address | None]) -> tuple[Family, ...]:
    return tuple(addresses)


def _address_end(address: Address, profile: int, *, node: str, on_host: bool) -> End:
    family = address.version
    return End(str(address), None, node, on_host, False, {family: address}, (family,), profile)


def _own(compiled: Compiled, profile: int) -> tuple[Clause, ...]:
    return tuple(clause for clause in compiled.clauses if clause.subjects >> profile & 1)


def _identity(groups: Iterable[Iterable[Iterable[Clause]]]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return tuple(tuple(tuple(map(id, policy)) for policy in group) for group in groups)


def _judge(policies: Sequence[AnyPolicy], known: Judged) -> dict[int, Policy | Refused]:
    found: dict[int, Policy | Refused] = {}
    for policy in policies:
        before = known.get(id(policy))
        if before is None:
            problems = validate(policy)
            before = Refused(policy.ref, problems) if problems else normal(policy)
        found[id(policy)] = before
    return found


def _namespace_labels(inputs: Inputs) -> dict[str, dict[str, str]]:
    """Labels of every namespace; of those that no object describes, the name label alone."""
    names = {pod.namespace or "default" for pod in inputs.pods}
    found = {name: {NAME_LABEL: name} for name in names}
    return found | {one.name: one.labels for one in inputs.namespaces or ()}


def _addresses(pod: Pod) -> tuple[str, ...]:
    """A pod's addresses; in the node's network they are the node's."""
    return pod.addresses or (pod.node_addresses if pod.spec.host_network else ())


def _node_of(pod: Pod) -> str:
    """The node that it runs on, by the node's address where only that is known; "" where neither is."""
    return pod.spec.node_name or next(iter(pod.node_addresses), "")


def _pod_networks(node: Node) -> list[str]:
    return [cidr.partition("/")[0] for cidr in (*node.spec.pod_cidrs, node.spec.pod_cidr)]
