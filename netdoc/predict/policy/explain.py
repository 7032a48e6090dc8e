"""Why a connection is allowed or not: each policy, rule and peer asked in turn, in the order that counts.

This goes over the policies themselves, term by term, where `PolicySet.allowed` goes over bits; the two agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from netdoc.model.kube import LabelSelector, Node, ObjectRef
from netdoc.predict.policy.addresses import Family, block_holds, holds_whole_family, within
from netdoc.predict.policy.index import PolicySet, own_address, own_node, shared_families
from netdoc.predict.policy.model import (
    Decision,
    DirectionVerdict,
    End,
    FamilyVerdict,
    Miss,
    Verdict,
    agreed,
    both,
)
from netdoc.predict.policy.ports import PROTOCOLS
from netdoc.predict.policy.profiles import known_terms_match, named_ports, one_family, related
from netdoc.predict.policy.rules import (
    NAME_LABEL,
    Blocks,
    Direction,
    Domains,
    Match,
    Nodes,
    Pods,
    Policy,
    Port,
    Rule,
)
from netdoc.predict.selectors import describe, keys_of, matches, why_not

FAMILY_NAMES = {4: "IPv4", 6: "IPv6"}


class Answer(NamedTuple):
    """Whether a term matches (None: it may), the kind of term, and what speaks against it or makes it uncertain."""

    holds: bool | None
    term: str = ""
    text: str = ""


YES = Answer(True)


class Flow(msgspec.Struct, frozen=True):
    """One connection in one family, seen from the end whose policies are asked."""

    policies: PolicySet
    direction: Direction
    subject: End
    peer: End
    port: int
    protocol: str
    family: Family

    @property
    def destination(self) -> End:
        return self.subject if self.direction == "ingress" else self.peer


def evaluate(
    policies: PolicySet,
    source: End,
    destination: End,
    port: int,
    protocol: str = "TCP",
    family: Family | None = None,
) -> Verdict:
    """Decide a connection, and say what decided it.

    The port is the destination pod's own (after Services are resolved). Without `family` each family that both
    ends share is judged. Raises ValueError for a port outside 1 to 65535.
    """
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is not a port between 1 and 65535")
    families = shared_families(source, destination) if family is None else (family,)
    judged = tuple(_family(policies, source, destination, port, protocol, one) for one in families)
    allowed = agreed([one.allowed for one in judged])
    return Verdict(
        source=source.id,
        destination=destination.id,
        port=port,
        protocol=protocol,
        allowed=None if source.finished or destination.finished else allowed,
        families=judged,
        reason=_reason(source, destination, judged),
    )


def _reason(source: End, destination: End, judged: Sequence[FamilyVerdict]) -> str:
    finished = [end.id for end in (source, destination) if end.finished]
    if finished:
        return f"{' and '.join(finished)} has finished: its address may belong to another pod by now"
    if not judged:
        return "the two have no address family in common"
    if len({one.allowed for one in judged}) > 1:
        words = {True: "allowed", False: "denied", None: "not known"}
        return ", ".join(f"{FAMILY_NAMES[one.family]} is {words[one.allowed]}" for one in judged)
    first = judged[0]
    return "; ".join(one.reason for one in (first.egress, first.ingress) if one.allowed is None)


def _family(
    policies: PolicySet, source: End, destination: End, port: int, protocol: str, family: Family
) -> FamilyVerdict:
    egress = _direction(Flow(policies, "egress", source, destination, port, protocol, family))
    ingress = _direction(Flow(policies, "ingress", destination, source, port, protocol, family))
    return FamilyVerdict(family, both(egress.allowed, ingress.allowed), egress, ingress)


def _direction(flow: Flow) -> DirectionVerdict:
    direction, subject = flow.direction, flow.subject
    if own_address(subject, flow.peer):
        return DirectionVerdict(direction, True, "own-address", reason="a pod always reaches its own address")
    if own_node(subject, flow.peer):
        return DirectionVerdict(direction, True, "own-node", reason="a pod and its own node always reach each other")
    if subject.finished or flow.peer.finished:
        return DirectionVerdict(direction, None, "unknown", reason="the pod has finished")
    if not subject.selectable:
        return DirectionVerdict(direction, True, "no-subject", reason=_no_subject(subject))
    foreign = tuple(one.ref for one in flow.policies.foreign(direction, subject))
    if foreign:
        names = ", ".join(map(str, foreign))
        reason = f"{names} may decide this, and policies of this kind are not evaluated"
        return DirectionVerdict(direction, None, "unknown", reason=reason, also=foreign)
    if flow.protocol not in PROTOCOLS:
        return _odd_protocol(flow)
    return _Walk(flow).verdict()


def _no_subject(end: End) -> str:
    if end.on_host and end.pod is not None:
        return f"{end.id} is in its node's network, where policies do not reach"
    return f"{end.id} is not a pod, so no policy selects it"


def _odd_protocol(flow: Flow) -> DirectionVerdict:
    selecting = tuple(one.ref for one in flow.policies.selecting(flow.direction, flow.subject))
    if not selecting:
        return DirectionVerdict(flow.direction, True, "default")
    reason = f"what policies do to {flow.protocol} is left to the network plugin"
    return DirectionVerdict(flow.direction, None, "unknown", reason=reason, also=selecting)


class _Walk:
    """The tiers in order, gathering every outcome that is possible and every rule that did not match."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.accepts: list[Decision] = []
        self.denies: list[Decision] = []
        self.misses: list[Miss] = []
        self.doubts: list[str] = []
        self.disputed: list[ObjectRef] = []
        self.isolating: list[Policy] = []
        self.isolated = False

    def verdict(self) -> DirectionVerdict:
        open_end = self._tier("Admin") and self._network_policies() and self._tier("Baseline")
        can_accept = bool(self.accepts) or open_end
        can_deny = bool(self.denies) or self.isolated
        walk, isolating = tuple(self.misses), tuple(one.ref for one in self.isolating)
        direction = self.flow.direction
        if can_accept and can_deny:
            reason, disputed = "; ".join(self.doubts), tuple(self.disputed)
            return DirectionVerdict(direction, None, "unknown", None, isolating, walk, reason, disputed)
        found = self.denies if can_deny else self.accepts
        why = "rule" if found else "isolated" if can_deny else "default"
        return DirectionVerdict(
            direction,
            can_accept,
            why,  # type: ignore[arg-type]
            found[0] if found else None,
            isolating,
            walk,
            also=tuple(one.policy for one in found[1:]),
        )

    def _selecting(self, tier: str) -> Iterator[tuple[Policy, bool]]:
        """Policies of the tier that speak of this direction and select the subject, or may (False)."""
        for policy in self.flow.policies.of_tier(tier, _namespace(self.flow.subject)):
            if policy.rules(self.flow.direction) is None:
                continue
            answer = peer_matches(self.flow, policy.subject, self.flow.subject, None)
            if answer.holds is not False:
                yield policy, answer.holds is True

    def _tier(self, tier: str) -> bool:
        """Ask an admin tier; True where the traffic may go on to the next."""
        chosen = sorted(self._selecting(tier), key=lambda one: (one[0].priority, one[0].ref))
        passed = False
        for _, group in groupby(chosen, key=lambda one: one[0].priority):
            decided = False
            found: list[Decision] = []
            for policy, certain in group:
                done, decisions = self._first_match(policy, certain)
                decided, found = decided or done, found + decisions
            passed |= self._note(found)
            if decided:
                return passed
        return True

    def _note(self, found: Sequence[Decision]) -> bool:
        """Keep what a group of policies of one priority may decide; True where one of them passes."""
        if len({one.policy for one in found}) > 1 and len({one.action for one in found}) > 1:
            names = ", ".join(str(one.policy) for one in found)
            self.doubts.append(f"{names} share one priority and disagree: either may win")
            self.disputed += [one.policy for one in found]
        self.accepts += [one for one in found if one.action == "Accept"]
        self.denies += [one for one in found if one.action == "Deny"]
        return any(one.action == "Pass" for one in found)

    def _first_match(self, policy: Policy, certain: bool) -> tuple[bool, list[Decision]]:
        found: list[Decision] = []
        for rule in policy.rules(self.flow.direction) or ():
            answer, decision = self._ask(policy, rule)
            if decision is None:
                continue
            found.append(decision)
            if answer.holds and certain:
                return True, found
            self.doubts.append(answer.text or f"which namespaces {policy.ref} selects is not known")
        return False, found

    def _network_policies(self) -> bool:
        """Ask NetworkPolicies; True where none isolates the subject in this direction."""
        self.isolating = [policy for policy, _ in self._selecting("NetworkPolicy")]
        for policy in self.isolating:
            if not policy.rules(self.flow.direction):
                text = f"it isolates {self.flow.direction} and has no rule"
                self.misses.append(Miss(policy.tier, policy.ref, f"spec.{self.flow.direction}", "no-rule", text))
        self.isolated = bool(self.isolating) and not any([self._admits(one) for one in self.isolating])
        return not self.isolating

    def _admits(self, policy: Policy) -> bool:
        admitted = False
        for rule in policy.rules(self.flow.direction) or ():
            answer, decision = self._ask(policy, rule)
            if decision is not None:
                self.accepts.append(decision)
                admitted |= answer.holds is True
                if answer.holds is None:
                    self.doubts.append(answer.text)
        return admitted

    def _ask(self, policy: Policy, rule: Rule) -> tuple[Answer, Decision | None]:
        """Ask one rule; what it decides where it matches or may."""
        answer, position, path = rule_matches(self.flow, policy, rule)
        if answer.holds is False:
            self.misses.append(Miss(policy.tier, policy.ref, path, answer.term, answer.text))
            return answer, None
        return answer, Decision(policy.tier, policy.ref, rule.index, position, rule.action, path)


def rule_matches(flow: Flow, policy: Policy, rule: Rule) -> tuple[Answer, int | None, str]:
    """Ask one rule: the answer, the peer that matched by position, and the YAML path of what decided."""
    answer, position = _peers(flow, policy, rule)
    path = rule.path if position is None or rule.peers is None else rule.peers[position].path
    if answer.holds is False:
        return answer, None, _path_of_miss(rule)
    ports = _ports(flow, rule)
    if not ports.holds:
        return ports, position, f"{rule.path}.ports" if policy.tier == "NetworkPolicy" else rule.path
    return answer, position, path


def _path_of_miss(rule: Rule) -> str:
    return rule.peers[0].path if rule.peers and len(rule.peers) == 1 else rule.path


def _peers(flow: Flow, policy: Policy, rule: Rule) -> tuple[Answer, int | None]:
    """The first peer that matches for certain, else the first that may."""
    if rule.peers is None:
        return YES, None
    doubtful: tuple[Answer, int] | None = None
    texts = []
    for position, peer in enumerate(rule.peers):
        answer = peer_matches(flow, peer.match, flow.peer, flow.subject)
        if answer.holds:
            return YES, position
        if answer.holds is None and doubtful is None:
            doubtful = Answer(None, "peer", f"{policy.ref} {peer.path}: {answer.text}"), position
        texts.append(answer.text)
    if doubtful is not None:
        return doubtful
    return Answer(False, "peer", "; ".join(texts) or "it has a peer that cannot be read, so it accepts nothing"), None


def peer_matches(flow: Flow, match: Match, end: End, subject: End | None) -> Answer:
    """Whether a peer, or a policy's subject, matches an end. `subject` is whose namespace "same" refers to."""
    if isinstance(match, Pods):
        return _pods(flow.policies, match, end, subject)
    if isinstance(match, Blocks):
        return _blocks(flow, match, end)
    if isinstance(match, Nodes):
        return _nodes(flow.policies, match.selector, end)
    if isinstance(match, Domains):
        names = ", ".join(match.names)
        if end.pod is None and not end.on_host:
            return Answer(None, "peer", f"whether {end.id} is an address of {names} is not known")
        return Answer(False, "peer", f"{end.id} is in the cluster, not at {names}")
    return Answer(False, "peer", "no field of it is known")


def _pods(policies: PolicySet, match: Pods, end: End, subject: End | None) -> Answer:
    if end.pod is None or not end.selectable:
        return Answer(False, "peer", f"{end.id} is not a pod that selectors reach")
    namespace = _namespace(end)
    by_namespace = _namespace_matches(policies, match, namespace, _namespace(subject) if subject else "")
    if by_namespace.holds is False:
        return by_namespace
    labels = end.pod.metadata.labels
    if not matches(match.pods, labels):
        return Answer(False, "peer", f"podSelector {describe(match.pods)}: {why_not(match.pods, labels)}")
    return by_namespace


def _namespace(end: End) -> str:
    return (end.pod.namespace or "default") if end.pod else ""


def _namespace_matches(policies: PolicySet, match: Pods, namespace: str, own: str) -> Answer:
    labels = policies.namespaces[namespace]
    if match.namespace is not None:
        text = f"it admits pods of namespace {match.namespace} alone, and this is of {namespace}"
        return YES if match.namespace == namespace else Answer(False, "peer", text)
    if match.relation is not None:
        word = "sameLabels" if match.relation.same else "notSameLabels"
        text = f"{word} {', '.join(match.relation.keys)} does not hold between {own} and {namespace}"
        if policies.inputs.namespaces is None and match.relation.keys:
            return Answer(None, "peer", f"the labels of namespaces {own} and {namespace} could not be read")
        holds = related(match.relation, policies.namespaces.get(own, {}), labels)
        return YES if holds else Answer(False, "peer", text)
    selector = match.namespaces or LabelSelector(match_labels={NAME_LABEL: ""})
    if policies.inputs.namespaces is None and not keys_of((selector,)) <= {NAME_LABEL}:
        if known_terms_match(selector, namespace):
            return Answer(None, "peer", f"the labels of namespace {namespace} could not be read")
        return Answer(False, "peer", f"namespaceSelector {describe(selector)} names another than {namespace}")
    if matches(selector, labels):
        return YES
    text = f"namespaceSelector {describe(selector)}: of namespace {namespace}, {why_not(selector, labels)}"
    return Answer(False, "peer", text)


def _blocks(flow: Flow, match: Blocks, end: End) -> Answer:
    words = ", ".join(cidr for cidr, _ in match.blocks)
    if end.selectable and flow.policies.inputs.ipblock_pods == "ignore":
        return Answer(False, "peer", f"ipBlock {words}: blocks do not match pods here")
    address = end.addresses[flow.family]
    if address is None:
        if any(holds_whole_family(one, flow.family) for one in match.blocks):
            return YES
        if any(one_family(one) == flow.family for one in match.blocks):
            return Answer(None, "address", f"the address of {end.id} is not known, so whether it is in {words} neither")
        return Answer(False, "family", f"ipBlock {words} is of the other address family")
    if any(block_holds(one, address) for one in match.blocks):
        return YES
    cut = next((cidr for cidr, _ in match.blocks if within(address, cidr)), None)
    if cut is not None:
        return Answer(False, "peer", f"{address} is in {cut}, and excepted from it")
    return Answer(False, "peer", f"{address} is not in {words}")


def _nodes(policies: PolicySet, selector: LabelSelector, end: End) -> Answer:
    if not end.on_host:
        if end.pod is None and policies.inputs.nodes is None:
            return Answer(None, "peer", f"nodes could not be read, so {end.id} may be one")
        return Answer(False, "peer", f"{end.id} is not a node")
    node = _node(policies.inputs.nodes or (), end.node)
    if node is None:
        if not keys_of((selector,)):
            return YES
        return Answer(None, "peer", f"the labels of node {end.node or '?'} are not known")
    if matches(selector, node.metadata.labels):
        return YES
    return Answer(False, "peer", f"nodes {describe(selector)}: {why_not(selector, node.metadata.labels)}")


def _node(nodes: Iterable[Node], name: str) -> Node | None:
    return next((node for node in nodes if node.name == name), None)


def _ports(flow: Flow, rule: Rule) -> Answer:
    if rule.ports is None:
        return YES
    answers = [port_matches(flow, port) for port in rule.ports]
    if any(one.holds for one in answers):
        return YES
    term = "port" if any(one.term == "port" for one in answers) else "named-port"
    return Answer(False, term, "; ".join(one.text for one in answers))


def port_matches(flow: Flow, port: Port) -> Answer:
    return port_holds(port, flow.destination, flow.port, flow.protocol)


def port_holds(port: Port, destination: End, number: int, protocol: str) -> Answer:
    """Whether a port of a rule is the one that the destination is asked on."""
    asked = f"{protocol} {number}"
    if port.name is not None:
        return _named_port(port, destination, number, protocol)
    if port.protocol == protocol and port.first <= number <= port.last:
        return YES
    span = str(port.first) if port.first == port.last else f"{port.first}-{port.last}"
    return Answer(False, "port", f"it is for {port.protocol} {span}, not {asked}")


def port_allows(port: Port, destination: End, number: int, protocol: str) -> bool:
    return port_holds(port, destination, number, protocol).holds is True


def _named_port(port: Port, destination: End, asked: int, protocol: str) -> Answer:
    pod = destination.pod
    if pod is None or not destination.selectable:
        return Answer(False, "named-port", f"{destination.id} is not a pod with port names, such as {port.name}")
    meant = [
        (declared, number)
        for name, declared, number in named_ports(pod)
        if name == port.name and port.protocol in (None, declared)
    ]
    if (protocol, asked) in meant:
        return YES
    wanted = f"{port.name} ({port.protocol})" if port.protocol else port.name
    if not meant:
        return Answer(False, "named-port", f"{destination.id} declares no port named {wanted}")
    numbers = ", ".join(f"{declared} {number}" for declared, number in meant)
    return Answer(False, "port", f"{wanted} is {numbers} on {destination.id}, not {protocol} {asked}")


def isolating(policies: PolicySet, direction: Direction, end: End) -> tuple[ObjectRef, ...]:
    """The NetworkPolicies that isolate the end in this direction."""
    return tuple(one.ref for one in policies.selecting(direction, end) if one.tier == "NetworkPolicy")
