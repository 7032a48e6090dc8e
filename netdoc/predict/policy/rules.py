"""Every kind of policy in one normal form: tier, subject, and for each direction a list of rules.

The form keeps where each part stands in the object (its YAML path), so that a verdict can point at it. What the
API defaults is defaulted here (apis/networking/v1/defaults.go): protocol TCP, policyTypes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from netdoc.model.kube import LabelSelector, NetworkPolicy, ObjectRef, PolicyPeer, PolicyPort
from netdoc.model.kube.networking import EgressRule, IngressRule
from netdoc.model.kube.policy import (
    AdminPeer,
    AdminPolicy,
    AdminPort,
    AdminRule,
    NamespacedPods,
    NamespacePeer,
    PortMatch,
    ProtocolMatch,
)
from netdoc.predict.policy.addresses import Block, block
from netdoc.predict.policy.ports import FIRST, LAST
from netdoc.predict.selectors import EVERYTHING

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")
Tier = Literal["Admin", "NetworkPolicy", "Baseline"]
Action = Literal["Accept", "Deny", "Pass"]
NAME_LABEL = "kubernetes.io/metadata.name"
AnyPolicy = NetworkPolicy | AdminPolicy


class Relation(msgspec.Struct, frozen=True):
    """Namespaces by the subject's own (v0.1.1): the same values of `keys`, or none of the keys at all."""

    keys: tuple[str, ...]
    same: bool


class Pods(msgspec.Struct, frozen=True):
    """Pods of some namespaces. `namespace` names one; else `namespaces` selects, or `relation` does."""

    pods: LabelSelector
    namespace: str | None = None
    namespaces: LabelSelector | None = None
    relation: Relation | None = None


class Blocks(msgspec.Struct, frozen=True):
    """Addresses by CIDR: one block with its exceptions, or several blocks."""

    blocks: tuple[Block, ...]


class Nodes(msgspec.Struct, frozen=True):
    selector: LabelSelector


class Domains(msgspec.Struct, frozen=True):
    names: tuple[str, ...]


class Unreadable(msgspec.Struct, frozen=True):
    """No field that is known here: the rule fails closed (v1alpha2 ClusterNetworkPolicyEgressPeer)."""


Match = Pods | Blocks | Nodes | Domains | Unreadable


class Peer(msgspec.Struct, frozen=True):
    path: str
    match: Match


class Port(msgspec.Struct, frozen=True):
    """A range of ports of one protocol, or a named port (`protocol` None: whichever the pod declares)."""

    path: str
    protocol: str | None
    first: int = FIRST
    last: int = LAST
    name: str | None = None


class Rule(msgspec.Struct, frozen=True):
    """`peers` None is everybody, inside and outside; `ports` None is every port of every protocol."""

    path: str
    index: int
    action: Action
    peers: tuple[Peer, ...] | None
    ports: tuple[Port, ...] | None


class Policy(msgspec.Struct, frozen=True):
    """`ingress` or `egress` None: the policy says nothing of that direction. Empty: it isolates, and admits none."""

    ref: ObjectRef
    tier: Tier
    priority: int
    subject: Pods
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    source: AnyPolicy

    def rules(self, direction: Direction) -> tuple[Rule, ...] | None:
        return self.ingress if direction == "ingress" else self.egress

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        return (self.ingress or ()) + (self.egress or ())


def normal(policy: AnyPolicy) -> Policy:
    """The policy in normal form."""
    return _of_network_policy(policy) if isinstance(policy, NetworkPolicy) else _of_admin_policy(policy)


def namespace_of(policy: NetworkPolicy) -> str:
    """The policy's namespace: `default` where a file does not say, as kubectl would create it."""
    return policy.namespace or "default"


def policy_types(policy: NetworkPolicy) -> tuple[str, ...]:
    """policyTypes, defaulted: Ingress always, Egress where there are egress rules (SetDefaults_NetworkPolicy)."""
    if policy.spec.policy_types:
        return policy.spec.policy_types
    return ("Ingress", "Egress") if policy.spec.egress else ("Ingress",)


def _of_network_policy(policy: NetworkPolicy) -> Policy:
    own, types, spec = namespace_of(policy), policy_types(policy), policy.spec
    ref = msgspec.structs.replace(policy.ref, namespace=own)
    rules = {
        "Ingress": tuple(_plain_rule(own, "ingress", i, rule) for i, rule in enumerate(spec.ingress or ())),
        "Egress": tuple(_plain_rule(own, "egress", i, rule) for i, rule in enumerate(spec.egress or ())),
    }
    return Policy(
        ref=ref,
        tier="NetworkPolicy",
        priority=0,
        subject=Pods(pods=spec.pod_selector or EVERYTHING, namespace=own),
        ingress=rules["Ingress"] if "Ingress" in types else None,
        egress=rules["Egress"] if "Egress" in types else None,
        source=policy,
    )


def _plain_rule(own: str, direction: Direction, index: int, rule: IngressRule | EgressRule) -> Rule:
    path = f"spec.{direction}[{index}]"
    word, given = ("from", rule.from_) if isinstance(rule, IngressRule) else ("to", rule.to)
    peers = tuple(Peer(f"{path}.{word}[{i}]", _plain_peer(own, peer)) for i, peer in enumerate(given or ()))
    ports = tuple(_plain_port(f"{path}.ports[{i}]", port) for i, port in enumerate(rule.ports or ()))
    return Rule(path, index, "Accept", peers or None, ports or None)


def _plain_peer(own: str, peer: PolicyPeer) -> Match:
    if peer.ip_block is not None:
        return Blocks((block(peer.ip_block.cidr, peer.ip_block.except_ or ()),))
    pods = peer.pod_selector or EVERYTHING
    if peer.namespace_selector is None:
        return Pods(pods=pods, namespace=own)
    return Pods(pods=pods, namespaces=peer.namespace_selector)


def _plain_port(path: str, port: PolicyPort) -> Port:
    protocol = port.protocol or "TCP"
    if port.port is None:
        return Port(path, protocol)
    if isinstance(port.port, str):
        return Port(path, protocol, name=port.port)
    return Port(path, protocol, port.port, port.end_port or port.port)


def _of_admin_policy(policy: AdminPolicy) -> Policy:
    subject = policy.spec.subject
    pods = subject.pods or NamespacedPods(namespace_selector=subject.namespaces)
    return Policy(
        ref=policy.ref,
        tier="Baseline" if policy.tier == "Baseline" else "Admin",
        priority=policy.priority,
        subject=Pods(pods=pods.pod_selector or EVERYTHING, namespaces=pods.namespace_selector or EVERYTHING),
        ingress=_admin_rules("ingress", policy.spec.ingress) or None,
        egress=_admin_rules("egress", policy.spec.egress) or None,
        source=policy,
    )


def _admin_rules(direction: Direction, rules: Iterable[AdminRule]) -> tuple[Rule, ...]:
    return tuple(_admin_rule(direction, index, rule) for index, rule in enumerate(rules))


def _admin_rule(direction: Direction, index: int, rule: AdminRule) -> Rule:
    """A rule of the admin tiers; one with a peer that cannot be read fails closed as a whole."""
    path = f"spec.{direction}[{index}]"
    word, given = ("from", rule.from_) if direction == "ingress" else ("to", rule.to)
    peers = tuple(Peer(f"{path}.{word}[{i}]", _admin_peer(peer)) for i, peer in enumerate(given or ()))
    action: Action = "Accept" if rule.action in ("Allow", "Accept") else "Pass" if rule.action == "Pass" else "Deny"
    if not peers or any(isinstance(peer.match, Unreadable) for peer in peers):
        return Rule(path, index, "Deny", None, None) if action != "Accept" else Rule(path, index, action, (), None)
    return Rule(path, index, action, peers, tuple(_admin_ports(path, rule)) or None)


def _admin_peer(peer: AdminPeer) -> Match:
    if peer.networks is not None:
        return Blocks(tuple(block(cidr) for cidr in peer.networks))
    if peer.nodes is not None:
        return Nodes(peer.nodes)
    if peer.domain_names is not None:
        return Domains(peer.domain_names)
    if peer.pods is not None:
        pods = peer.pods
        old = pods.namespaces or NamespacePeer(namespace_selector=pods.namespace_selector)
        return _namespaces(old, pods.pod_selector or EVERYTHING)
    if peer.namespaces is not None:
        return _namespaces(peer.namespaces, EVERYTHING)
    return Unreadable()


def _namespaces(given: NamespacePeer, pods: LabelSelector) -> Pods:
    if given.same_labels is not None:
        return Pods(pods=pods, relation=Relation(given.same_labels, same=True))
    if given.not_same_labels is not None:
        return Pods(pods=pods, relation=Relation(given.not_same_labels, same=False))
    return Pods(pods=pods, namespaces=given.selector)


def _admin_ports(path: str, rule: AdminRule) -> Iterator[Port]:
    for i, port in enumerate(rule.ports or ()):
        yield _old_port(f"{path}.ports[{i}]", port)
    for i, protocol in enumerate(rule.protocols or ()):
        yield _new_port(f"{path}.protocols[{i}]", protocol)


def _old_port(path: str, port: AdminPort) -> Port:
    if port.named_port is not None:
        return Port(path, None, name=port.named_port)
    if port.port_range is not None:
        return Port(path, port.port_range.protocol, port.port_range.start, port.port_range.end)
    number = port.port_number
    return Port(path, number.protocol, number.port, number.port) if number else Port(path, None, name="")


def _new_port(path: str, match: ProtocolMatch) -> Port:
    """A protocol without a port means all its ports, though v1alpha2's schema refuses the empty object."""
    if match.destination_named_port is not None:
        return Port(path, None, name=match.destination_named_port)
    choices: dict[str, PortMatch | None] = {"TCP": match.tcp, "UDP": match.udp, "SCTP": match.sctp}
    protocol = next((word for word, one in choices.items() if one is not None), None)
    chosen = choices[protocol] if protocol else None
    if protocol is None or chosen is None:
        return Port(path, None, name="")
    port = chosen.destination_port
    if port is None:
        return Port(path, protocol)
    if port.range is not None:
        return Port(path, protocol, port.range.start, port.range.end)
    return Port(path, protocol, port.number or 0, port.number or 0) if port.number else Port(path, protocol)
