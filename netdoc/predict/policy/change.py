"""The smallest change that allows, or denies, one connection.

Candidates are tried against the set itself: each is applied, the connection is judged again, and everything else
that changes is counted. The one that changes nothing else wins, a patch of an existing policy before a new one.
Policies name pods by labels, so "the connection" is that of all pods that carry the same labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from netdoc.model.kube import LabelSelector, NetworkPolicy, ObjectRef
from netdoc.model.kube.policy import (
    AdminNetworkPolicy,
    AdminPolicy,
    BaselineAdminNetworkPolicy,
    ClusterNetworkPolicy,
)
from netdoc.predict.policy.cover import selector_covers
from netdoc.predict.policy.diff import Difference, differences, joint_profiles
from netdoc.predict.policy.edits import (
    Cut,
    Side,
    admin_rule,
    block_of,
    less,
    manifest,
    name_for,
    new_policy,
    plain_peers,
    plain_port,
    plain_rule,
    side_of,
    word_of,
)
from netdoc.predict.policy.explain import Flow, evaluate, peer_matches, port_matches, rule_matches
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.matrix import Matrix
from netdoc.predict.policy.model import DirectionVerdict, End, Manifest, Verdict
from netdoc.predict.policy.peers import Peer, workload_of
from netdoc.predict.policy.rules import AnyPolicy, Direction, Policy, Rule, policy_types

KINDS: dict[str, type[AnyPolicy]] = {
    kind.KIND.kind: kind
    for kind in (NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy)
}


class Edit(msgspec.Struct, frozen=True):
    """One object to create or patch. `patch` is a JSON merge patch (RFC 7386); `before` is absent for a new one."""

    action: Literal["create", "patch"]
    ref: ObjectRef
    summary: str
    after: Manifest
    before: Manifest | None = None
    patch: Manifest | None = None


class Proposal(msgspec.Struct, frozen=True):
    """Edits that together bring the wanted verdict; `also` is what else they change.

    Without edits `reason` says why: nothing is to be done, or nothing can be.
    """

    want: bool
    edits: tuple[Edit, ...]
    reason: str = ""
    also: tuple[Difference, ...] = ()
    verdict: Verdict | None = None


class _Asked(msgspec.Struct, frozen=True):
    source: End
    destination: End
    port: int
    protocol: str


def smallest_change(
    policies: PolicySet, source: End, destination: End, port: int, protocol: str = "TCP", *, want: bool = True
) -> Proposal:
    """Find the smallest change after which the connection is allowed (`want`) or denied."""
    asked = _Asked(source, destination, port, protocol)
    verdict = evaluate(policies, source, destination, port, protocol)
    if verdict.allowed is want:
        return Proposal(want, (), "it is allowed already" if want else "it is denied already", verdict=verdict)
    problem = _cannot(verdict, asked, want)
    if problem:
        return Proposal(want, (), problem, verdict=verdict)
    edits: list[Edit] = []
    start = working = _thinned(policies, asked)
    for direction in _directions(verdict, asked, want):
        chosen = _best(working, asked, direction, want)
        if chosen is None:
            return Proposal(want, (), f"no edit was found that changes {direction}", verdict=verdict)
        edits.extend(chosen)
        working = applied(working, chosen)
    final = _ask(working, asked)
    if final.allowed is not want:
        return Proposal(want, (), f"after the edits tried, {final.reason or 'the verdict is the same'}", verdict=final)
    return Proposal(want, _one_for_each(edits), "", tuple(beyond(start, working, asked)), final)


def applied(policies: PolicySet, edits: Sequence[Edit]) -> PolicySet:
    """The set with the edits made."""
    new = [msgspec.convert(one.after, KINDS[one.ref.kind]) for one in edits]
    return policies.replaced(without=[one.ref for one in edits], added=new)


def _one_for_each(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Edits of one object made one: both directions of a policy may need one."""
    found: dict[ObjectRef, Edit] = {}
    for edit in edits:
        first = found.get(edit.ref)
        if first is not None:
            spec = {**(first.patch or {}).get("spec", {}), **(edit.patch or {}).get("spec", {})}
            patch = {"spec": spec} if first.action == "patch" else None
            edit = Edit(first.action, edit.ref, first.summary, edit.after, first.before, patch)
        found[edit.ref] = edit
    return tuple(found.values())


def _thinned(policies: PolicySet, asked: _Asked) -> PolicySet:
    """The set with one pod in place of all that no edit could tell apart: candidates are tried many times.

    Edits name labels of the two ends, so pods that differ in those are all kept, and so are the ends' own kin;
    one pod for each node stays, for what it tells of the node's addresses.
    """
    sides = [side_of(end, policies.pods()) for end in (asked.source, asked.destination)]
    keep = {end.id for side in sides for end in side.ends}
    keys = {key for side in sides for key in side.labels}
    kept: dict[object, End] = {}
    for end in policies.pods():
        labels = end.pod.metadata.labels if end.pod else {}
        seen = tuple((key, labels.get(key)) for key in sorted(keys))
        alike = end.id if end.id in keep else (end.profile, seen, end.pod.namespace if end.pod else "")
        kept.setdefault(("alike", alike), end)
        kept.setdefault(("node", end.node), end)
    pods = {end.id: end.pod for end in kept.values() if end.pod is not None}
    return policies.with_pods(pods.values())


def _cannot(verdict: Verdict, asked: _Asked, want: bool) -> str:
    if asked.source.finished or asked.destination.finished or not verdict.families:
        return verdict.reason
    if verdict.allowed is None and len({one.allowed for one in verdict.families}) == 1:
        return f"whether it is allowed is not known: {verdict.reason}"
    if want:
        return ""
    why = {one.why for family in verdict.families for one in (family.egress, family.ingress)}
    if why & {"own-node", "own-address"}:
        return "no policy applies between a pod and its own node or address"
    return "no policy selects either end" if why == {"no-subject"} else ""


def _directions(verdict: Verdict, asked: _Asked, want: bool) -> list[Direction]:
    """Where to act: to allow, each direction that denies; to deny, one is enough."""
    if not want:
        return ["ingress" if asked.destination.selectable else "egress"]
    found: list[Direction] = []
    for direction in ("egress", "ingress"):
        verdicts = [one.egress if direction == "egress" else one.ingress for one in verdict.families]
        if any(one.allowed is False for one in verdicts):
            found.append(direction)
    return found


Edits = tuple[Edit, ...]


def _best(policies: PolicySet, asked: _Asked, direction: Direction, want: bool) -> Edits | None:
    """The candidate that works and changes least else; the first of equals."""
    best: tuple[int, Edits] | None = None
    for edits in _candidates(policies, asked, direction, want):
        after = applied(policies, edits)
        if {one.ref for one in edits} & {one.ref for one in after.refused}:
            continue
        if not _works(after, asked, direction, want):
            continue
        cost = sum(1 for _ in beyond(policies, after, asked))
        if best is None or cost < best[0]:
            best = cost, edits
        if not cost:
            break
    return best[1] if best else None


def _works(policies: PolicySet, asked: _Asked, direction: Direction, want: bool) -> bool:
    verdict = _ask(policies, asked)
    judged = [one.egress if direction == "egress" else one.ingress for one in verdict.families]
    return all(one.allowed is True for one in judged) if want else verdict.allowed is False


def _found(policies: PolicySet, end: End) -> End:
    """The same end in another set of the same cluster, in the families asked about."""
    if end.pod is None:
        return policies.node(end.node) if end.id.startswith("node/") else policies.address(end.id)
    here = policies.pod(end.pod.namespace or "default", end.pod.name)
    return msgspec.structs.replace(here, addresses=end.addresses, families=end.families)


def _ask(policies: PolicySet, asked: _Asked) -> Verdict:
    source, destination = _found(policies, asked.source), _found(policies, asked.destination)
    return evaluate(policies, source, destination, asked.port, asked.protocol)


# --- what else changes --------------------------------------------------------------------------------------


def beyond(before: PolicySet, after: PolicySet, asked: _Asked) -> Iterator[Difference]:
    """The differences between two sets other than the asked connection, of all pods with the same labels."""
    peers = joint_profiles(before, after)
    sources = _named(peers, side_of(asked.source, before.pods()))
    destinations = _named(peers, side_of(asked.destination, before.pods()))
    port = {asked.protocol: ((asked.port, asked.port),)}
    first, second = Matrix(before, [one for one, _ in peers]), Matrix(after, [other for _, other in peers])
    for one in differences(first, second):
        meant = one.source in sources and one.destination in destinations
        if not (meant and all(ports in ({}, port) for ports in (one.allowed, one.denied, one.unknown))):
            yield one


def _named(peers: Sequence[tuple[Peer, Peer]], side: Side) -> set[str]:
    """The peers that consist of nothing but ends of the side."""
    mine = {end.id for end in side.ends}
    blocks = {block_of(address) for address in side.addresses}
    addresses = set(side.addresses) if not side.is_pod else set()
    return {
        peer.id
        for peer, _ in peers
        if peer.id in blocks
        or (
            peer.ends
            and all(end.id in mine or (end.on_host and set(end.addresses.values()) & addresses) for end in peer.ends)
        )
    }


# --- candidates ---------------------------------------------------------------------------------------------


def _flow(policies: PolicySet, asked: _Asked, direction: Direction, family: int) -> Flow:
    source, destination = _found(policies, asked.source), _found(policies, asked.destination)
    ends = (destination, source) if direction == "ingress" else (source, destination)
    return Flow(policies, direction, *ends, asked.port, asked.protocol, family)


def _candidates(policies: PolicySet, asked: _Asked, direction: Direction, want: bool) -> Iterator[Edits]:
    subject, peer = asked.source, asked.destination
    if direction == "ingress":
        subject, peer = peer, subject
    sides = side_of(subject, policies.pods()), side_of(peer, policies.pods())
    if not (sides[1].is_pod or sides[1].addresses):
        return
    verdict = _ask(policies, asked)
    for family in verdict.families:
        judged = family.egress if direction == "egress" else family.ingress
        if judged.allowed is (not want):
            flow = _flow(policies, asked, direction, family.family)
            yield from (_allowing if want else _denying)(flow, judged, *sides)


def _allowing(flow: Flow, judged: DirectionVerdict, subject: Side, peer: Side) -> Iterator[Edits]:
    if judged.decision is not None:
        yield from _admin_edits(flow, judged.decision.policy, "Accept", subject, peer)
        return
    isolating = [one for one in flow.policies.policies if one.ref in judged.isolating]
    for policy in isolating:
        for rule in policy.rules(flow.direction) or ():
            yield from _nearly(flow, policy, rule, peer)
    for policy in isolating:
        if not _selects_no_more(policy, subject):
            continue
        rules = [*_rules(policy, flow.direction), _rule(flow, policy.ref.namespace, peer)]
        yield (_with_rules(flow, policy, rules),)
    name = _new_name(flow, "allow", subject, peer)
    yield (_created(new_policy(flow.direction, name, subject, [_rule(flow, subject.namespace, peer)])),)


def _selects_no_more(policy: Policy, subject: Side) -> bool:
    """Whether a rule of the policy would be about no more pods, now or later, than the subject's own."""
    return selector_covers(LabelSelector(match_labels=dict(subject.labels)), policy.subject.pods)


def _rule(flow: Flow, own: str, peer: Side) -> Manifest:
    return plain_rule(flow.direction, peer, own, flow.port, flow.protocol)


def _rules(policy: Policy, direction: Direction) -> list[Manifest]:
    return list(manifest(policy.source)["spec"].get(direction) or [])


def _nearly(flow: Flow, policy: Policy, rule: Rule, peer: Side) -> Iterator[Edits]:
    """A rule that fails for its port alone gets the port; one that fails for its peer alone gets the peer."""
    rules = _rules(policy, flow.direction)
    mine = rules[rule.index]
    answer, _, _ = rule_matches(flow, policy, rule)
    if answer.term in ("port", "named-port"):
        rules[rule.index] = {**mine, "ports": [*mine["ports"], plain_port(flow.port, flow.protocol)]}
        yield (_with_rules(flow, policy, rules),)
    elif rule.peers and (rule.ports is None or any(port_matches(flow, port).holds for port in rule.ports)):
        word = word_of(flow.direction)
        rules[rule.index] = {**mine, word: [*mine[word], *plain_peers(peer, policy.ref.namespace)]}
        yield (_with_rules(flow, policy, rules),)


def _with_rules(flow: Flow, policy: Policy, rules: list[Manifest]) -> Edit:
    """The policy with other rules in one direction. An empty list must not undo policyTypes by default."""
    before = manifest(policy.source)
    spec: Manifest = {flow.direction: rules}
    if isinstance(policy.source, NetworkPolicy) and not rules and not policy.source.spec.policy_types:
        spec["policyTypes"] = list(policy_types(policy.source))
    after = {**before, "spec": {**before["spec"], **spec}}
    summary = f"change spec.{flow.direction} of {policy.ref}"
    return Edit("patch", policy.ref, summary, after, before, {"spec": spec})


def _created(after: Manifest) -> Edit:
    meta = after["metadata"]
    ref = ObjectRef(
        api_version=after["apiVersion"], kind=after["kind"], name=meta["name"], namespace=meta.get("namespace", "")
    )
    return Edit("create", ref, f"create {ref}", after)


def _new_name(flow: Flow, word: str, subject: Side, peer: Side) -> str:
    taken = {one.ref.name for one in flow.policies.policies} | {one.ref.name for one in flow.policies.refused}
    sides = (subject, peer) if flow.direction == "egress" else (peer, subject)
    base = name_for(word, *(_called(side) for side in sides), flow.protocol, flow.port)
    numbered = (base if i == 1 else f"{base}-{i}" for i in range(1, len(taken) + 3))
    return next(name for name in numbered if name not in taken)


def _called(side: Side) -> str:
    end = side.ends[0]
    if end.pod is None or not side.is_pod:
        return end.id
    return workload_of(end.pod).partition("/")[2].partition("[")[0][:20]


def _denying(flow: Flow, judged: DirectionVerdict, subject: Side, peer: Side) -> Iterator[Edits]:
    if judged.decision is not None and judged.decision.tier != "NetworkPolicy":
        yield from _admin_edits(flow, judged.decision.policy, "Deny", subject, peer)
        return
    isolating = [one for one in flow.policies.policies if one.ref in judged.isolating]
    admitting = [one for one in isolating if _admits(flow, one)]
    yield from _admin_deny(flow, subject, peer)
    if admitting:
        yield tuple(_with_rules(flow, policy, list(_less(flow, policy, peer))) for policy in admitting)
    if not isolating:
        cut = Cut(flow.port, flow.protocol, frozenset(), frozenset(), flow.policies.families)
        rules = less({}, flow.direction, peer, subject.namespace, cut)
        yield (_created(new_policy(flow.direction, _new_name(flow, "deny", subject, peer), subject, rules)),)


def _admits(flow: Flow, policy: Policy) -> bool:
    return any(rule_matches(flow, policy, rule)[0].holds is not False for rule in policy.rules(flow.direction) or ())


def _less(flow: Flow, policy: Policy, peer: Side) -> Iterator[Manifest]:
    """The policy's rules less the connection."""
    rules = policy.rules(flow.direction) or ()
    for rule, written in zip(rules, _rules(policy, flow.direction), strict=True):
        if rule_matches(flow, policy, rule)[0].holds is False:
            yield written
            continue
        ports = frozenset(i for i, one in enumerate(rule.ports or ()) if port_matches(flow, one).holds)
        peers = frozenset(
            i
            for i, one in enumerate(rule.peers or ())
            if peer_matches(flow, one.match, flow.peer, flow.subject).holds is not False
        )
        cut = Cut(flow.port, flow.protocol, ports, peers, flow.policies.families)
        yield from less(written, flow.direction, peer, policy.ref.namespace, cut)


def _admin_edits(flow: Flow, ref: ObjectRef, action: str, subject: Side, peer: Side) -> Iterator[Edits]:
    """A new policy that comes before the deciding one; else a rule put before all rules of that one."""
    policy = next(one for one in flow.policies.policies if one.ref == ref)
    source = policy.source
    if not isinstance(source, AdminPolicy):
        return
    rule = admin_rule(source, flow.direction, action, peer, flow.port, flow.protocol)
    if rule is None:
        return
    priority = _free_priority(flow.policies, policy.tier)
    if priority is not None and not isinstance(source, BaselineAdminNetworkPolicy):
        yield (_created(_new_admin(flow, source, action, policy.tier, subject, peer, rule, priority)),)
    yield (_with_rules(flow, policy, [rule, *_rules(policy, flow.direction)]),)


def _admin_deny(flow: Flow, subject: Side, peer: Side) -> Iterator[Edits]:
    """A denying policy in the admin tier, where the cluster uses such policies: it says just that."""
    like = next((one.source for one in flow.policies.policies if isinstance(one.source, AdminPolicy)), None)
    priority = _free_priority(flow.policies, "Admin")
    if not isinstance(like, AdminPolicy) or priority is None:
        return
    rule = admin_rule(like, flow.direction, "Deny", peer, flow.port, flow.protocol)
    if rule is not None:
        yield (_created(_new_admin(flow, like, "Deny", "Admin", subject, peer, rule, priority)),)


def _free_priority(policies: PolicySet, tier: str) -> int | None:
    """The number just before every policy of the tier; None where zero is taken."""
    first = min((one.priority for one in policies.policies if one.tier == tier), default=101)
    return first - 1 if first > 0 else None


def _new_admin(
    flow: Flow,
    like: AdminPolicy,
    action: str,
    tier: str,
    subject: Side,
    peer: Side,
    rule: Manifest,
    priority: int,
) -> Manifest:
    pods = {"namespaceSelector": subject.namespace_selector(), "podSelector": subject.pod_selector()}
    spec: Manifest = {"priority": priority, "subject": {"pods": pods}, flow.direction: [rule]}
    kind: type[AdminPolicy] = AdminNetworkPolicy
    if isinstance(like, ClusterNetworkPolicy):
        kind, spec["tier"] = ClusterNetworkPolicy, tier
    name = _new_name(flow, "allow" if action == "Accept" else "deny", subject, peer)
    return {"apiVersion": kind.KIND.api_version, "kind": kind.KIND.kind, "metadata": {"name": name}, "spec": spec}
