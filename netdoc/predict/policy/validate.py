"""What the API server would refuse of a policy, named by field.

NetworkPolicy: pkg/apis/networking/validation/validation.go and apimachinery's validation of labels and names.
AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy: the markers in
sigs.k8s.io/network-policy-api/apis that end up in the CRDs' schemas. Two of those are not applied here: an empty
peer is taken as a field newer than this reader, which fails closed, and `tcp: {}` means every TCP port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from netdoc.model.kube import IPBlock, LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort, Requirement
from netdoc.model.kube.policy import (
    AdminPeer,
    AdminPolicy,
    AdminPort,
    AdminRule,
    BaselineAdminNetworkPolicy,
    ClusterNetworkPolicy,
    NamespacedPods,
    NamespacePeer,
    ProtocolMatch,
)
from netdoc.predict.policy.addresses import parse_network
from netdoc.predict.policy.model import Problem
from netdoc.predict.policy.ports import PROTOCOLS

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

Problems = Iterator[Problem]


def validate(policy: NetworkPolicy | AdminPolicy) -> tuple[Problem, ...]:
    """Every reason for which the API server would refuse the policy; empty where it would take it."""
    if isinstance(policy, NetworkPolicy):
        return tuple(_network_policy(policy))
    return tuple(_admin_policy(policy))


# --- names and labels ---------------------------------------------------------------------------------------


def _name(name: str) -> Problems:
    if not name:
        yield Problem("metadata.name", "name is required")
    elif len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        yield Problem("metadata.name", f"{name!r} is not a lowercase RFC 1123 subdomain")


def _selector(path: str, selector: LabelSelector | None) -> Problems:
    if selector is None:
        return
    for key, value in selector.match_labels.items():
        yield from _key(f"{path}.matchLabels", key)
        yield from _value(f"{path}.matchLabels", value)
    for i, term in enumerate(selector.match_expressions):
        yield from _requirement(f"{path}.matchExpressions[{i}]", term)


def _requirement(path: str, term: Requirement) -> Problems:
    """ValidateLabelSelectorRequirement: In and NotIn want values, the others forbid them."""
    if term.operator not in _OPERATORS:
        yield Problem(f"{path}.operator", f"{term.operator!r} is not a valid selector operator")
    elif term.operator in ("In", "NotIn") and not term.values:
        yield Problem(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif term.operator in ("Exists", "DoesNotExist") and term.values:
        yield Problem(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    yield from _key(f"{path}.key", term.key)
    for i, value in enumerate(term.values):
        yield from _value(f"{path}.values[{i}]", value)


def _key(path: str, key: str) -> Problems:
    """content.IsLabelKey: an optional DNS subdomain and a slash, then a name of at most 63 characters."""
    prefix, slash, name = key.rpartition("/")
    bad_prefix = bool(slash) and (len(prefix) > 253 or not _SUBDOMAIN.fullmatch(prefix))
    if bad_prefix or len(name) > 63 or not _LABEL_NAME.fullmatch(name):
        yield Problem(path, f"{key!r} is not a label key")


def _value(path: str, value: str) -> Problems:
    if value and (len(value) > 63 or not _LABEL_NAME.fullmatch(value)):
        yield Problem(path, f"{value!r} is not a label value")


# --- NetworkPolicy ------------------------------------------------------------------------------------------


def _network_policy(policy: NetworkPolicy) -> Problems:
    spec = policy.spec
    yield from _name(policy.name)
    yield from _selector("spec.podSelector", spec.pod_selector)
    for i, ingress in enumerate(spec.ingress or ()):
        yield from _plain_rule(f"spec.ingress[{i}]", "from", ingress.from_ or (), ingress.ports or ())
    for i, egress in enumerate(spec.egress or ()):
        yield from _plain_rule(f"spec.egress[{i}]", "to", egress.to or (), egress.ports or ())
    types = spec.policy_types or ()
    if len(types) > 2:
        yield Problem("spec.policyTypes", "may not specify more than two policyTypes")
        return
    for i, word in enumerate(types):
        if word not in ("Ingress", "Egress"):
            yield Problem(f"spec.policyTypes[{i}]", f"{word!r} is neither Ingress nor Egress")


def _plain_rule(path: str, word: str, peers: Sequence[PolicyPeer], ports: Sequence[PolicyPort]) -> Problems:
    for i, port in enumerate(ports):
        yield from _plain_port(f"{path}.ports[{i}]", port)
    for i, peer in enumerate(peers):
        yield from _plain_peer(f"{path}.{word}[{i}]", peer)


def _plain_peer(path: str, peer: PolicyPeer) -> Problems:
    yield from _selector(f"{path}.podSelector", peer.pod_selector)
    yield from _selector(f"{path}.namespaceSelector", peer.namespace_selector)
    if peer.ip_block is not None:
        yield from _ip_block(f"{path}.ipBlock", peer.ip_block)
        if peer.pod_selector is not None or peer.namespace_selector is not None:
            yield Problem(path, "may not specify both ipBlock and another peer")
    elif peer.pod_selector is None and peer.namespace_selector is None:
        yield Problem(path, "must specify a peer")


def _plain_port(path: str, port: PolicyPort) -> Problems:
    if port.protocol is not None and port.protocol not in PROTOCOLS:
        yield Problem(f"{path}.protocol", f"{port.protocol!r} is not one of TCP, UDP, SCTP")
    match port.port:
        case None:
            if port.end_port is not None:
                yield Problem(f"{path}.endPort", "may not be specified when `port` is not specified")
        case int(number):
            yield from _number(f"{path}.port", number)
            yield from _end_port(f"{path}.endPort", number, port.end_port)
        case name:
            if port.end_port is not None:
                yield Problem(f"{path}.endPort", "may not be specified when `port` is non-numeric")
            yield from _port_name(f"{path}.port", name)


def _end_port(path: str, first: int, last: int | None) -> Problems:
    if last is None:
        return
    if last < first:
        yield Problem(path, f"{last} must be greater than or equal to `port` ({first})")
    yield from _number(path, last)


def _number(path: str, number: int) -> Problems:
    if not 1 <= number <= 65535:
        yield Problem(path, f"{number} is not between 1 and 65535")


def _port_name(path: str, name: str) -> Problems:
    if len(name) > 15 or not _PORT_NAME.fullmatch(name):
        yield Problem(path, f"{name!r} is not a port name (at most 15 of a-z, 0-9 and -, with a letter)")


def _ip_block(path: str, given: IPBlock) -> Problems:
    if not given.cidr:
        yield Problem(f"{path}.cidr", "cidr is required")
        return
    problems = list(_cidr(f"{path}.cidr", given.cidr))
    yield from problems
    for i, text in enumerate(given.except_ or ()):
        bad = list(_cidr(f"{path}.except[{i}]", text))
        yield from bad
        if not bad and not problems and not _strictly_inside(text, given.cidr):
            yield Problem(f"{path}.except[{i}]", f"{text} must be a strict subset of `cidr` ({given.cidr})")


def _cidr(path: str, text: str) -> Problems:
    try:
        parse_network(text)
    except ValueError:
        yield Problem(path, f"{text!r} is not a CIDR block such as 10.9.8.0/24")


def _strictly_inside(inner: str, outer: str) -> bool:
    small, large = parse_network(inner), parse_network(outer)
    return small.version == large.version and small.network_address in large and small.prefixlen > large.prefixlen


# --- the administrator's kinds ------------------------------------------------------------------------------


def _admin_policy(policy: AdminPolicy) -> Problems:
    spec = policy.spec
    yield from _name(policy.name)
    if isinstance(policy, BaselineAdminNetworkPolicy) and policy.name not in ("", "default"):
        yield Problem("metadata.name", "the only BaselineAdminNetworkPolicy is named `default`")
    if isinstance(policy, ClusterNetworkPolicy) and spec.tier not in ("Admin", "Baseline"):
        yield Problem("spec.tier", f"{spec.tier!r} is neither Admin nor Baseline")
    if not 0 <= spec.priority <= 1000:
        yield Problem("spec.priority", f"{spec.priority} is not between 0 and 1000")
    yield from _subject(policy)
    limit = 25 if isinstance(policy, ClusterNetworkPolicy) else 100
    for direction, rules in (("ingress", spec.ingress), ("egress", spec.egress)):
        if len(rules) > limit:
            yield Problem(f"spec.{direction}", f"{len(rules)} rules, at most {limit} are allowed")
        for i, rule in enumerate(rules):
            yield from _admin_rule(policy, direction, f"spec.{direction}[{i}]", rule)


def _subject(policy: AdminPolicy) -> Problems:
    subject = policy.spec.subject
    if (subject.namespaces is None) == (subject.pods is None):
        yield Problem("spec.subject", "exactly one of `namespaces` and `pods` must be set")
    yield from _selector("spec.subject.namespaces", subject.namespaces)
    if subject.pods is not None:
        yield from _pods("spec.subject.pods", subject.pods)


def _pods(path: str, pods: NamespacedPods) -> Problems:
    yield from _selector(f"{path}.namespaceSelector", pods.namespace_selector)
    yield from _selector(f"{path}.podSelector", pods.pod_selector)
    if pods.namespaces is not None:
        yield from _namespaces(f"{path}.namespaces", pods.namespaces)
    if pods.pod_selector is None:
        yield Problem(f"{path}.podSelector", "podSelector is required")


def _namespaces(path: str, given: NamespacePeer) -> Problems:
    yield from _selector(
        path, LabelSelector(match_labels=given.match_labels, match_expressions=given.match_expressions)
    )
    yield from _selector(f"{path}.namespaceSelector", given.namespace_selector)


def _admin_rule(policy: AdminPolicy, direction: str, path: str, rule: AdminRule) -> Problems:
    actions = _actions(policy)
    if rule.action not in actions:
        yield Problem(f"{path}.action", f"{rule.action!r} is not one of {', '.join(actions)}")
    word, peers = ("from", rule.from_) if direction == "ingress" else ("to", rule.to)
    if not peers:
        yield Problem(f"{path}.{word}", "at least one peer is required")
    for i, peer in enumerate(peers or ()):
        yield from _admin_peer(f"{path}.{word}[{i}]", peer, rule.action)
    for i, port in enumerate(rule.ports or ()):
        yield from _admin_port(f"{path}.ports[{i}]", port)
    for i, protocol in enumerate(rule.protocols or ()):
        yield from _protocol(f"{path}.protocols[{i}]", protocol)
    if direction == "egress" and _names_ports(rule) and any(_outside(peer) for peer in peers or ()):
        yield Problem(path, "networks, nodes and domainNames have no named ports")


def _actions(policy: AdminPolicy) -> tuple[str, ...]:
    if isinstance(policy, ClusterNetworkPolicy):
        return ("Accept", "Deny", "Pass")
    return ("Allow", "Deny") if isinstance(policy, BaselineAdminNetworkPolicy) else ("Allow", "Deny", "Pass")


def _admin_peer(path: str, peer: AdminPeer, action: str) -> Problems:
    fields = (peer.namespaces, peer.pods, peer.nodes, peer.networks, peer.domain_names)
    if sum(one is not None for one in fields) > 1:
        yield Problem(path, "exactly one kind of peer must be set")
    if peer.namespaces is not None:
        yield from _namespaces(f"{path}.namespaces", peer.namespaces)
    if peer.pods is not None:
        yield from _pods(f"{path}.pods", peer.pods)
    yield from _selector(f"{path}.nodes", peer.nodes)
    for i, text in enumerate(peer.networks or ()):
        yield from _cidr(f"{path}.networks[{i}]", text)
    if peer.domain_names is not None and action not in ("Accept", "Allow"):
        yield Problem(f"{path}.domainNames", "domainNames are for rules that accept only")


def _admin_port(path: str, port: AdminPort) -> Problems:
    if sum(one is not None for one in (port.port_number, port.named_port, port.port_range)) != 1:
        yield Problem(path, "exactly one of `portNumber`, `namedPort` and `portRange` must be set")
    if port.port_number is not None:
        yield from _protocol_name(f"{path}.portNumber.protocol", port.port_number.protocol)
        yield from _number(f"{path}.portNumber.port", port.port_number.port)
    if port.port_range is not None:
        yield from _protocol_name(f"{path}.portRange.protocol", port.port_range.protocol)
        yield from _range(f"{path}.portRange", port.port_range.start, port.port_range.end)


def _protocol_name(path: str, protocol: str) -> Problems:
    if protocol not in PROTOCOLS:
        yield Problem(path, f"{protocol!r} is not one of TCP, UDP, SCTP")


def _range(path: str, start: int, end: int) -> Problems:
    yield from _number(f"{path}.start", start)
    yield from _number(f"{path}.end", end)
    if start > end:
        yield Problem(f"{path}.start", f"{start} is greater than the end, {end}")


def _protocol(path: str, match: ProtocolMatch) -> Problems:
    fields = {"tcp": match.tcp, "udp": match.udp, "sctp": match.sctp}
    given = {word: one for word, one in fields.items() if one is not None}
    if len(given) + (match.destination_named_port is not None) > 1:
        yield Problem(path, "exactly one protocol must be set")
    for word, one in given.items():
        port = one.destination_port
        if port is not None and port.number is not None:
            yield from _number(f"{path}.{word}.destinationPort.number", port.number)
        if port is not None and port.range is not None:
            yield from _range(f"{path}.{word}.destinationPort.range", port.range.start, port.range.end)
            if port.range.start == port.range.end:
                yield Problem(f"{path}.{word}.destinationPort.range", "start must be less than end")


def _names_ports(rule: AdminRule) -> bool:
    old = any(port.named_port is not None for port in rule.ports or ())
    return old or any(one.destination_named_port is not None for one in rule.protocols or ())


def _outside(peer: AdminPeer) -> bool:
    return peer.networks is not None or peer.nodes is not None or peer.domain_names is not None


def refusal(problems: Iterable[Problem]) -> str:
    """The problems in one line."""
    return "; ".join(f"{one.path}: {one.text}" for one in problems)
