"""What is wrong with policies as they are written, beside any one connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import msgspec

from netdoc.model.kube import NetworkPolicy, ObjectRef, Service
from netdoc.model.kube.policy import AdminPolicy
from netdoc.predict.policy.addresses import parse_address, parse_network
from netdoc.predict.policy.clauses import Compiled
from netdoc.predict.policy.cover import match_covers, peers_cover, rule_covers
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.model import End
from netdoc.predict.policy.profiles import named_ports
from netdoc.predict.policy.rules import (
    DIRECTIONS,
    Blocks,
    Direction,
    Nodes,
    Peer,
    Pods,
    Policy,
    Port,
    Rule,
    policy_types,
)
from netdoc.predict.policy.services import destinations_of, service_findings
from netdoc.predict.selectors import matches, positions


class Lint(msgspec.Struct, frozen=True):
    """One thing found: its code, the object, where in it (a YAML path), and what is wrong there."""

    code: str
    ref: ObjectRef
    path: str
    text: str


def lint(policies: PolicySet, services: Iterable[Service] = (), dns: Sequence[End] | None = None) -> tuple[Lint, ...]:
    """Everything found, by object and path.

    `services` are needed to tell Service ports from pod ports. `dns` are the cluster's DNS pods; without them,
    pods labelled `k8s-app: kube-dns` are taken.
    """
    found = [
        *_refused(policies),
        *(one for policy in policies.policies for one in _policy(policies, policy)),
        *_contained(policies),
        *_shadowed(policies),
        *_ambiguous(policies),
        *_default_deny(policies),
        *_dns(policies, dns_pods(policies) if dns is None else dns),
        *_foreign(policies),
        *(Lint(*one) for one in service_findings(policies, tuple(services))),
    ]
    unique = {(one.code, one.ref, one.path): one for one in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda one: (one.ref, one.path, one.code)))


def _refused(policies: PolicySet) -> Iterator[Lint]:
    for one in policies.refused:
        for problem in one.problems:
            yield Lint("policy.invalid", one.ref, problem.path, f"the API server refuses it: {problem.text}")


# --- one policy ---------------------------------------------------------------------------------------------


def _policy(policies: PolicySet, policy: Policy) -> Iterator[Lint]:
    yield from _subject(policies, policy)
    yield from _ineffective(policy)
    for direction in DIRECTIONS:
        for rule in policy.rules(direction) or ():
            yield from _rule(policies, policy, direction, rule)


def _subject(policies: PolicySet, policy: Policy) -> Iterator[Lint]:
    path = "spec.podSelector" if policy.tier == "NetworkPolicy" else "spec.subject"
    sure, maybe = policies.profiles.pods_of(policy.subject)
    hosts = [end.id for end in policies.host_pods if _would_select(policies, policy, end)]
    if not sure | maybe:
        text = "it selects pods in their node's network only, where it has no effect" if hosts else "it selects no pod"
        yield Lint("policy.selects-no-pod", policy.ref, path, text)
    if hosts:
        text = f"{', '.join(sorted(hosts)[:3])} is in its node's network: policies do not reach it"
        yield Lint("policy.host-network-bypass", policy.ref, path, text)


def _would_select(policies: PolicySet, policy: Policy, end: End) -> bool:
    if end.pod is None or not matches(policy.subject.pods, end.pod.metadata.labels):
        return False
    namespace = end.pod.namespace or "default"
    if policy.subject.namespace is not None:
        return policy.subject.namespace == namespace
    return matches(policy.subject.namespaces, policies.namespaces[namespace])


def _ineffective(policy: Policy) -> Iterator[Lint]:
    """Rules of a direction that policyTypes leaves out."""
    source = policy.source
    if not isinstance(source, NetworkPolicy):
        return
    for direction in DIRECTIONS:
        rules = source.spec.ingress if direction == "ingress" else source.spec.egress
        if rules and direction.capitalize() not in policy_types(source):
            text = f"policyTypes does not list {direction.capitalize()}, so these rules have no effect"
            yield Lint("policy.invalid", policy.ref, f"spec.{direction}", text)


def _rule(policies: PolicySet, policy: Policy, direction: Direction, rule: Rule) -> Iterator[Lint]:
    if rule.peers is None and rule.ports is None and rule.action == "Accept":
        yield Lint("policy.allows-all", policy.ref, rule.path, f"this rule admits all {direction} on every port")
    yield from _unreadable(policy, direction, rule)
    for peer in rule.peers or ():
        yield from _peer(policies, policy, peer)
    for port in rule.ports or ():
        yield from _port(policies, policy, direction, rule, port)


def _unreadable(policy: Policy, direction: Direction, rule: Rule) -> Iterator[Lint]:
    source = policy.source
    if not isinstance(source, AdminPolicy):
        return
    written = (source.spec.ingress if direction == "ingress" else source.spec.egress)[rule.index]
    peers = (written.from_ if direction == "ingress" else written.to) or ()
    for i, peer in enumerate(peers):
        if not any((peer.namespaces, peer.pods, peer.nodes, peer.networks, peer.domain_names)):
            word = "from" if direction == "ingress" else "to"
            text = "no field of this peer is known, so the rule fails closed: " + (
                "it accepts nothing" if rule.action == "Accept" else "it denies everything"
            )
            yield Lint("policy.invalid", policy.ref, f"{rule.path}.{word}[{i}]", text)
    for i, protocol in enumerate(written.protocols or ()):
        for word, one in (("tcp", protocol.tcp), ("udp", protocol.udp), ("sctp", protocol.sctp)):
            if one is not None and one.destination_port is None:
                text = f"an empty `{word}` is refused by the API's schema; it is taken as every {word.upper()} port"
                yield Lint("policy.invalid", policy.ref, f"{rule.path}.protocols[{i}].{word}", text)


def _peer(policies: PolicySet, policy: Policy, peer: Peer) -> Iterator[Lint]:
    match = peer.match
    if isinstance(match, Blocks):
        yield from _block(policies, policy, peer, match)
    if isinstance(match, Pods) and match.relation is None and not any(policies.profiles.pods_of(match)):
        yield Lint("policy.peer-matches-nothing", policy.ref, peer.path, _nothing(policies, match))
    nodes = policies.inputs.nodes
    if isinstance(match, Nodes) and nodes is not None:
        if any(matches(match.selector, node.metadata.labels) for node in nodes):
            return
        yield Lint("policy.peer-matches-nothing", policy.ref, peer.path, "no node has these labels")


def _nothing(policies: PolicySet, match: Pods) -> str:
    if match.namespace is not None:
        return f"no pod of namespace {match.namespace} has these labels"
    if not any(matches(match.namespaces, labels) for labels in policies.namespaces.values()):
        return "no namespace has these labels"
    return "no pod of the selected namespaces has these labels"


def _block(policies: PolicySet, policy: Policy, peer: Peer, match: Blocks) -> Iterator[Lint]:
    path = f"{peer.path}.ipBlock.cidr" if policy.tier == "NetworkPolicy" else f"{peer.path}.networks"
    for cidr, _ in match.blocks:
        network = parse_network(cidr)
        if parse_address(cidr.partition("/")[0]) != network.network_address:
            yield Lint("policy.invalid", policy.ref, path, f"{cidr} has bits beyond its prefix: it means {network}")
        pods = policies.pods_inside(network) if network.prefixlen else []
        if pods:
            text = f"{cidr} holds addresses of pods ({pods[0]}): whether a block matches pods depends on the plugin"
            yield Lint("policy.ipblock-for-pods", policy.ref, path, text)


def _port(policies: PolicySet, policy: Policy, direction: Direction, rule: Rule, port: Port) -> Iterator[Lint]:
    if port.name is None:
        return
    destinations = policies.ends_with(destinations_of(policies, policy, direction, rule))
    if destinations and not any(_declares(end, port) for end in destinations):
        protocol = f" for {port.protocol}" if port.protocol else ""
        text = f"none of the {len(destinations)} destination pods declares a port named {port.name}{protocol}"
        yield Lint("policy.named-port-unresolved", policy.ref, port.path, text)


def _declares(end: End, port: Port) -> bool:
    return end.pod is not None and any(
        name == port.name and port.protocol in (None, protocol) for name, protocol, _ in named_ports(end.pod)
    )


# --- several policies ---------------------------------------------------------------------------------------


def _contained(policies: PolicySet) -> Iterator[Lint]:
    """NetworkPolicy rules that another rule covers, in the same policy or one that selects at least its pods."""
    groups: dict[tuple[str, Direction], list[tuple[Policy, Rule]]] = defaultdict(list)
    for policy in policies.policies:
        if policy.tier == "NetworkPolicy":
            for direction in DIRECTIONS:
                groups[policy.ref.namespace, direction] += [(policy, rule) for rule in policy.rules(direction) or ()]
    for rules in groups.values():
        for (one, first), (other, second) in combinations(rules, 2):
            if _covers(one, first, other, second):
                yield _containment(other, second, one, first)
            elif _covers(other, second, one, first):
                yield _containment(one, first, other, second)


def _covers(wide: Policy, wide_rule: Rule, narrow: Policy, narrow_rule: Rule) -> bool:
    return match_covers(wide.subject, narrow.subject) and rule_covers(wide_rule, narrow_rule)


def _containment(policy: Policy, rule: Rule, wide: Policy, wide_rule: Rule) -> Lint:
    text = f"{wide_rule.path} of {wide.ref} admits everything that this rule admits"
    return Lint("policy.rule-contained", policy.ref, rule.path, text)


def _shadowed(policies: PolicySet) -> Iterator[Lint]:
    """Admin rules that are never reached: an earlier rule of their tier takes all that they match."""
    for tier in ("Admin", "Baseline"):
        ordered = sorted(policies.of_tier(tier, ""), key=lambda one: (one.priority, one.ref))
        for direction in DIRECTIONS:
            rules = [(policy, rule) for policy in ordered for rule in policy.rules(direction) or ()]
            for (one, first), (other, second) in combinations(rules, 2):
                before = one.priority < other.priority or one.ref == other.ref
                if before and _covers(one, first, other, second):
                    word = "and contradicts it" if first.action != second.action else "with the same action"
                    text = f"never reached: {first.path} of {one.ref} comes first {word}"
                    yield Lint("policy.rule-shadowed", other.ref, second.path, text)


def _ambiguous(policies: PolicySet) -> Iterator[Lint]:
    """Policies of one tier and priority that select a common pod and decide some traffic differently."""
    for direction in DIRECTIONS:
        for tier in ("Admin", "Baseline"):
            for group in policies.priority_groups(direction, tier):
                for one, other in combinations(group, 2):
                    if one.policy.ref != other.policy.ref and _disagree(one, other):
                        text = (
                            f"{other.policy.ref} has priority {one.policy.priority} too and disagrees: either may win"
                        )
                        yield Lint("policy.ambiguous-priority", one.policy.ref, "spec.priority", text)


def _disagree(one: Compiled, other: Compiled) -> bool:
    return any(
        first.action != second.action
        and first.ports & second.ports
        and first.subjects & second.subjects
        and any((a | b) & (c | d) for a, b, c, d in zip(*first.peers, *second.peers, strict=True))
        for first in one.clauses
        for second in other.clauses
    )


def _default_deny(policies: PolicySet) -> Iterator[Lint]:
    """Namespaces with pods where a new pod would not be isolated in a direction."""
    inhabited = {profile.namespace for profile in policies.profiles.profiles if profile.namespace is not None}
    for namespace in sorted(inhabited):
        for direction in DIRECTIONS:
            if not any(_denies_by_default(policies, one, direction, namespace) for one in policies.policies):
                ref = ObjectRef(api_version="v1", kind="Namespace", name=namespace)
                text = f"no policy isolates every pod of the namespace for {direction}"
                yield Lint("policy.default-deny-missing", ref, f"({direction})", text)


def _denies_by_default(policies: PolicySet, policy: Policy, direction: Direction, namespace: str) -> bool:
    subject = policy.subject
    if subject.pods.match_labels or subject.pods.match_expressions or policy.rules(direction) is None:
        return False
    if policy.tier == "NetworkPolicy":
        return subject.namespace == namespace
    if not matches(subject.namespaces, policies.namespaces[namespace]):
        return False
    everyone = Pods(pods=subject.pods, namespaces=subject.pods)
    return any(
        rule.action == "Deny" and rule.ports is None and peers_cover(rule.peers, (Peer("", everyone),))
        for rule in policy.rules(direction) or ()
    )


def dns_pods(policies: PolicySet) -> list[End]:
    """The pods that carry the label which CoreDNS and kube-dns are deployed with everywhere."""
    return [
        end
        for end in policies.pods()
        if end.pod is not None and not end.finished and end.pod.metadata.labels.get("k8s-app") == "kube-dns"
    ]


def _dns(policies: PolicySet, servers: Sequence[End]) -> Iterator[Lint]:
    """NetworkPolicies that isolate egress and leave their pods without a way to cluster DNS."""
    if not servers:
        return
    for one in policies.compiled["egress"]:
        if one.policy.tier == "NetworkPolicy":
            for profile in positions(one.subjects):
                subject = policies.ends_with(1 << profile)[0]
                denied = [word for word in ("UDP", "TCP") if _none_reached(policies, subject, servers, word)]
                if denied:
                    text = f"{subject.id} may not reach cluster DNS on {' and '.join(denied)} port 53"
                    yield Lint("policy.dns-egress-denied", one.policy.ref, "spec.egress", text)
                    break


def _none_reached(policies: PolicySet, subject: End, servers: Sequence[End], protocol: str) -> bool:
    return all(policies.allowed(subject, server, 53, protocol) is False for server in servers)


def _foreign(policies: PolicySet) -> Iterator[Lint]:
    for one in policies.inputs.foreign:
        chosen = [end.id for end in policies.pods() if any(one in policies.foreign(word, end) for word in DIRECTIONS)]
        if chosen:
            text = f"it selects {len(chosen)} pods ({chosen[0]} ...), and policies of this kind are not evaluated"
            yield Lint("policy.unsupported-present", one.ref, "spec", text)
