"""Policies as clauses over profiles, and what a chain of clauses decides.

A clause says: for these subjects, from or to these peers, on these ports, this action. Every kind of policy
comes down to clauses; what differs is only where in the chain they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from netdoc.predict.policy.ports import PortSpace
from netdoc.predict.policy.profiles import Matched, ProfileIndex
from netdoc.predict.policy.rules import Direction, Pods, Policy, Port, Rule
from netdoc.predict.selectors import bits, positions

ACCEPT, DENY, PASS = 0, 1, 2
_ACTIONS = {"Accept": ACCEPT, "Deny": DENY, "Pass": PASS}


class Clause(NamedTuple):
    subjects: int
    ports: int
    action: int
    peers: Matched


class Compiled(NamedTuple):
    """One policy in one direction."""

    policy: Policy
    subjects: int
    clauses: tuple[Clause, ...]


class Chain(NamedTuple):
    """What one subject's traffic passes in one direction. A group holds policies of equal priority."""

    admin: tuple[tuple[tuple[Clause, ...], ...], ...]
    isolated: bool
    plain: tuple[Clause, ...]
    baseline: tuple[tuple[tuple[Clause, ...], ...], ...]

    def clauses(self) -> Iterator[Clause]:
        for tier in (self.admin, self.baseline):
            for group in tier:
                for policy in group:
                    yield from policy
        yield from self.plain


OPEN = Chain((), False, (), ())


class Compiler:
    """Turns policies into clauses over the profiles of one index."""

    def __init__(self, profiles: ProfileIndex, ports: PortSpace) -> None:
        self._profiles = profiles
        self._ports = ports
        self._everybody = Matched((profiles.everything,) * 2, (0, 0))
        self._named = self._port_names()

    def _port_names(self) -> dict[tuple[str, str | None], list[tuple[int, int]]]:
        """(name, protocol or None for any) to the ports that it stands for, and on which profiles."""
        found: dict[tuple[str, str | None], dict[int, list[int]]] = {}
        for where, profile in enumerate(self._profiles.profiles):
            for asked in {key for name, protocol, _ in profile.ports for key in ((name, protocol), (name, None))}:
                mask = 0
                for name, protocol, number in profile.ports:
                    if name == asked[0] and asked[1] in (None, protocol):
                        mask |= self._ports.bit(protocol, number)
                found.setdefault(asked, {}).setdefault(mask, []).append(where)
        return {key: [(mask, bits(where)) for mask, where in masks.items()] for key, masks in found.items()}

    def compile(self, policy: Policy, direction: Direction) -> list[Compiled]:
        """The policy in one direction; one part for each namespace where its peers depend on the subject's own."""
        rules = policy.rules(direction)
        if rules is None:
            return []
        sure, maybe = self._profiles.pods_of(policy.subject)
        certain = self._parts(policy, rules, direction, sure)
        doubtful = self._parts(policy, rules, direction, maybe) if maybe else []
        return certain + [one._replace(clauses=tuple(map(_doubted, one.clauses))) for one in doubtful]

    def _parts(self, policy: Policy, rules: Sequence[Rule], direction: Direction, subjects: int) -> list[Compiled]:
        if not _depends_on_subject(rules):
            return [Compiled(policy, subjects, tuple(self._clauses(rules, direction, subjects, None)))]
        names = {name for where in positions(subjects) if (name := self._profiles.profiles[where].namespace)}
        parts = [(name, subjects & self._profiles.in_namespace(name)) for name in sorted(names)]
        return [Compiled(policy, mine, tuple(self._clauses(rules, direction, mine, name))) for name, mine in parts]

    def _clauses(self, rules: Sequence[Rule], direction: Direction, subjects: int, own: str | None) -> Iterator[Clause]:
        for rule in rules:
            peers = self._peers(rule, own)
            for ports, destinations in self._port_sets(rule.ports):
                if direction == "ingress":
                    yield Clause(subjects & destinations, ports, _ACTIONS[rule.action], peers)
                else:
                    yield Clause(subjects, ports, _ACTIONS[rule.action], peers.narrowed(destinations))

    def _peers(self, rule: Rule, own: str | None) -> Matched:
        if rule.peers is None:
            return self._everybody
        sure, maybe = [0, 0], [0, 0]
        for peer in rule.peers:
            matched = self._profiles.match(peer.match, own)
            for i in (0, 1):
                sure[i] |= matched.sure[i]
                maybe[i] |= matched.maybe[i]
        return Matched((sure[0], sure[1]), (maybe[0] & ~sure[0], maybe[1] & ~sure[1]))

    def _port_sets(self, ports: Sequence[Port] | None) -> Iterator[tuple[int, int]]:
        """Sets of ports, each with the destinations for which it holds (named ports differ from pod to pod)."""
        everywhere = self._profiles.everything
        if ports is None:
            yield self._ports.everything, everywhere
            return
        numbered = 0
        for port in ports:
            if port.name is not None:
                yield from self._named.get((port.name, port.protocol), ())
            elif port.protocol is not None:
                numbered |= self._ports.span(port.protocol, port.first, port.last)
        if numbered:
            yield numbered, everywhere


def _depends_on_subject(rules: Iterable[Rule]) -> bool:
    return any(
        isinstance(peer.match, Pods) and peer.match.relation is not None for rule in rules for peer in rule.peers or ()
    )


def _doubted(clause: Clause) -> Clause:
    """The clause of a policy that only may select its subjects."""
    sure, maybe = clause.peers
    return clause._replace(peers=Matched((0, 0), (sure[0] | maybe[0], sure[1] | maybe[1])))


def by_priority(policies: Iterable[Compiled]) -> list[list[Compiled]]:
    """Policies of one tier in order of precedence, lower numbers first; those of one number together."""
    ordered = sorted(policies, key=lambda one: (one.policy.priority, one.policy.ref))
    return [list(group) for _, group in groupby(ordered, key=lambda one: one.policy.priority)]


def outcomes(chain: Chain, peer: int, family: int, ask: int) -> tuple[int, int]:
    """Which of the asked ports may be accepted and which may be denied, for the peer at this position.

    `family` is 0 for IPv4, 1 for IPv6. A port in both sets is undecided: a peer that only may match, or two
    policies of one priority that disagree. Order: admin, NetworkPolicy, baseline; first match decides; Pass
    goes on to the next tier; what nothing decides is accepted.
    """
    accept = deny = 0
    rest = ask
    if chain.admin:
        accept, deny, rest = _tier(chain.admin, peer, family, rest)
    if rest and chain.isolated:
        sure = maybe = 0
        for clause in chain.plain:
            if clause.ports & rest:
                if clause.peers.sure[family] >> peer & 1:
                    sure |= clause.ports
                elif clause.peers.maybe[family] >> peer & 1:
                    maybe |= clause.ports
        return accept | rest & (sure | maybe), deny | rest & ~sure
    if rest and chain.baseline:
        accepted, denied, rest = _tier(chain.baseline, peer, family, rest)
        accept, deny = accept | accepted, deny | denied
    return accept | rest, deny


def _tier(groups: Iterable[tuple[tuple[Clause, ...], ...]], peer: int, family: int, rest: int) -> tuple[int, int, int]:
    """What a tier may accept, may deny, and may leave to the next tier."""
    result = [0, 0, 0]
    for group in groups:
        left = rest
        for policy in group:
            left &= _policy(policy, peer, family, rest, result)
        rest = left
        if not rest:
            break
    accept, deny, passed = result
    return accept, deny, rest | passed


def _policy(clauses: Iterable[Clause], peer: int, family: int, rest: int, result: list[int]) -> int:
    """Go through one policy's rules in order, adding to `result` what each decides; what none surely decides."""
    for clause in clauses:
        hit = rest & clause.ports
        if not hit:
            continue
        if clause.peers.sure[family] >> peer & 1:
            result[clause.action] |= hit
            rest &= ~hit
        elif clause.peers.maybe[family] >> peer & 1:
            result[clause.action] |= hit
    return rest
