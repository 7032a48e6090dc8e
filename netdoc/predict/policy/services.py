"""Service ports where pod ports are meant, and cluster addresses where pods are meant.

Policies see connections after Services are resolved: the pod's address and the pod's port.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from netdoc.model.kube import LabelSelector, ObjectRef, Service, ServicePort
from netdoc.predict.policy.addresses import parse_network
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.model import End
from netdoc.predict.policy.profiles import named_ports
from netdoc.predict.policy.rules import DIRECTIONS, Blocks, Direction, Pods, Policy, Port, Rule
from netdoc.predict.selectors import LabelIndex, positions

Found = tuple[str, ObjectRef, str, str]  # code, object, YAML path, text


def service_findings(policies: PolicySet, services: Sequence[Service]) -> Iterator[Found]:
    if not services:
        return
    backends = _Backends(policies, services)
    addresses = {address: service for service in services for address in service.cluster_addresses}
    for policy in policies.policies:
        for direction in DIRECTIONS:
            for rule in policy.rules(direction) or ():
                yield from _confused(backends, policy, rule, destinations_of(policies, policy, direction, rule))
                yield from _cluster_addresses(addresses, policy, rule)


def destinations_of(policies: PolicySet, policy: Policy, direction: Direction, rule: Rule) -> int:
    """The profiles of pods whose ports the rule is about: the policy's own for ingress, the peers for egress."""
    if direction == "ingress":
        return policies.profiles.pods_of(policy.subject)[0]
    chosen = 0 if rule.peers is not None else policies.profiles.pods
    for peer in rule.peers or ():
        if isinstance(peer.match, Pods) and peer.match.relation is None:
            chosen |= policies.profiles.pods_of(peer.match)[0]
    return chosen


class _Backends:
    """The pods behind each Service, Services by port, and where (by profile) a pod port is in use."""

    def __init__(self, policies: PolicySet, services: Iterable[Service]) -> None:
        ends = [end for end in policies.pods() if end.selectable and end.pod]
        labels = LabelIndex([end.pod.metadata.labels if end.pod else {} for end in ends])
        self.by_port: dict[tuple[int, str], list[tuple[Service, ServicePort, list[End]]]] = defaultdict(list)
        self.listening: dict[tuple[int, str], int] = defaultdict(int)
        for service in services:
            chosen = labels.select(LabelSelector(match_labels=service.spec.selector)) if service.spec.selector else 0
            behind = [ends[i] for i in positions(chosen) if _namespace(ends[i]) == (service.namespace or "default")]
            for port in service.spec.ports if behind else ():
                self.by_port[port.port, port.protocol].append((service, port, behind))
                self._note_targets(port, behind)
        for end in ends:
            for container in end.pod.serving_containers if end.pod else ():
                for one in container.ports:
                    self.listening[one.container_port, one.protocol] |= 1 << end.profile

    def _note_targets(self, port: ServicePort, behind: Iterable[End]) -> None:
        for end in behind:
            for number in target_ports(port, (end,)):
                self.listening[number, port.protocol] |= 1 << end.profile


def _namespace(end: End) -> str:
    return (end.pod.namespace or "default") if end.pod else ""


def _confused(backends: _Backends, policy: Policy, rule: Rule, destinations: int) -> Iterator[Found]:
    """A rule for a Service's port where its pods listen on another, and none listens on that one."""
    for port in rule.ports or ():
        if port.name is not None or port.first != port.last or port.protocol is None:
            continue
        if backends.listening.get((port.first, port.protocol), 0) & destinations:
            continue
        for service, one, behind in backends.by_port.get((port.first, port.protocol), ()):
            meant = [end for end in behind if destinations >> end.profile & 1]
            if meant:
                yield "policy.service-port-confused", policy.ref, port.path, _confusion(service, one, port, meant)
                break


def _confusion(service: Service, one: ServicePort, port: Port, behind: Sequence[End]) -> str:
    means = ", ".join(map(str, sorted(target_ports(one, behind)))) or str(one.target_port)
    return f"{port.first} is the port of {service.ref}; its pods listen on {means}, which is what policies see"


def target_ports(port: ServicePort, backends: Iterable[End]) -> set[int]:
    """The pods' ports behind a Service port; a named target is looked up on each pod."""
    target = port.target_port
    if isinstance(target, int) and target:
        return {target}
    if not target:
        return {port.port}
    return {
        number
        for end in backends
        if end.pod is not None
        for name, protocol, number in named_ports(end.pod)
        if (name, protocol) == (target, port.protocol)
    }


def _cluster_addresses(owners: dict[str, Service], policy: Policy, rule: Rule) -> Iterator[Found]:
    for peer in rule.peers or ():
        for cidr, _ in peer.match.blocks if isinstance(peer.match, Blocks) else ():
            network = parse_network(cidr)
            service = owners.get(str(network.network_address))
            if service is not None and network.num_addresses == 1:
                text = f"{network.network_address} is an address of {service.ref}; policies see its pods' addresses"
                yield "policy.peer-matches-nothing", policy.ref, peer.path, text
