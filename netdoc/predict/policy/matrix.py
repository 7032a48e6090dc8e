"""Every connection between peers, without asking pair by pair.

For each subject's chain the other ends fall into few sets that the chain cannot tell apart; the outcome is found
once for each set. Subjects with one chain share it. Rows are kept as bits: a column of the matrix is a handful
of (sources, ports) for each destination.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple

from netdoc.predict.policy.clauses import OPEN, Chain, outcomes
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.peers import Owners, Peer, peers_of
from netdoc.predict.policy.ports import PROTOCOLS, Intervals
from netdoc.predict.selectors import bits, positions


class Cells(NamedTuple):
    """Sources of one destination with the same ports: surely allowed, and possibly allowed."""

    sources: int
    sure: int
    possible: int


class Connection(NamedTuple):
    """What is allowed between two peers; `unknown` are ports allowed for some of their pods, or perhaps."""

    source: Peer
    destination: Peer
    allowed: Intervals
    unknown: Intervals


Column = tuple[Cells, ...]


class Matrix:
    """The connections among peers, computed by destination profile."""

    def __init__(self, policies: PolicySet, peers: Sequence[Peer]) -> None:
        self.policies = policies
        self.peers = tuple(peers)
        self._columns = _Columns(policies)
        members: dict[int, list[int]] = defaultdict(list)
        for position, peer in enumerate(self.peers):
            for profile in peer.profiles:
                members[profile].append(position)
        self._members = {profile: bits(found) for profile, found in members.items()}
        self._spread: dict[int, int] = {}
        self._mixed = bits(profile for peer in self.peers if len(peer.profiles) > 1 for profile in peer.profiles)
        self._outside = bits(i for i, peer in enumerate(self.peers) if not peer.ends)
        self._on_node: dict[str, list[int]] = defaultdict(list)
        self._host_on_node: dict[str, list[int]] = defaultdict(list)
        for position, peer in enumerate(self.peers):
            for node in peer.nodes:
                self._on_node[node].append(position)
            for node in peer.host_nodes:
                self._host_on_node[node].append(position)
        self._known: dict[tuple[int, ...], list[Cells]] = {}

    def column(self, destination: int) -> list[Cells]:
        """Who reaches the peer at this position: disjoint sets of peers, by position, with their ports.

        What a peer can do is what every one of its pods can; `possible` is what any of them can.
        """
        peer = self.peers[destination]
        known = self._known.get(peer.profiles)
        if known is None:
            known = self._known[peer.profiles] = self._column(peer)
        cells = known
        if not peer.ends:
            cells = _minus(cells, self._outside)
        if len(peer.ends) == 1 or len(peer.profiles) > 1:
            cells = _minus(cells, 1 << destination) + self._siblings(destination)
        return self._same_node(destination, cells)

    def _column(self, peer: Peer) -> list[Cells]:
        result = [Cells((1 << len(self.peers)) - 1, -1, 0)]
        reached = 0
        for profile in peer.profiles:
            covered = 0
            for cells in self._columns.of(profile):
                sources = self._peers(cells.sources)
                covered |= cells.sources
                reached |= sources
                result = _refine(result, sources, cells.sure, cells.possible)
            result = _refine(result, self._peers(self._mixed & ~covered), 0, 0)
            if len(peer.profiles) > 1:
                everywhere = (1 << len(self.peers)) - 1
                result = _refine(result, everywhere & ~self._peers(covered), 0, 0)
        kept = [one._replace(sources=one.sources & reached) for one in result]
        return [one for one in _merged(kept) if one.possible and one.sources]

    def _siblings(self, position: int) -> list[Cells]:
        """What pods of one peer can do among each other; a pod's traffic to itself is no matter of policies."""
        counts = Counter(end.profile for end in self.peers[position].ends)
        pairs = [
            self._columns.between(source, destination)
            for source in counts
            for destination in counts
            if source != destination or counts[source] > 1
        ]
        if not any(possible for _, possible in pairs):
            return []
        sure = reduce(and_, (one for one, _ in pairs))
        return [Cells(1 << position, sure, reduce(or_, (one for _, one in pairs)))]

    def _peers(self, profiles: int) -> int:
        """The peers that have one of the profiles."""
        known = self._spread.get(profiles)
        if known is None:
            known = 0
            for profile in positions(profiles):
                known |= self._members.get(profile, 0)
            self._spread[profiles] = known
        return known

    def _same_node(self, destination: int, cells: list[Cells]) -> list[Cells]:
        """Pods of a node and what runs on the node itself reach each other, whatever the policies say."""
        mine, everything = self.peers[destination], self.policies.ports.everything
        near = {other for node in mine.nodes for other in self._host_on_node.get(node, ())}
        near |= {other for node in mine.host_nodes for other in self._on_node.get(node, ())}
        for other in sorted(near - {destination}):
            whole = always_same_node(self.peers[other], mine)
            cells = _raise(cells, 1 << other, everything if whole else 0, everything)
        return cells

    def connections(self) -> Iterator[Connection]:
        """Every pair with something allowed or possible, destination by destination."""
        intervals = self.policies.ports.intervals
        for position, destination in enumerate(self.peers):
            for cells in self.column(position):
                allowed, unknown = intervals(cells.sure), intervals(cells.possible & ~cells.sure)
                for source in positions(cells.sources):
                    yield Connection(self.peers[source], destination, allowed, unknown)


def matrix(policies: PolicySet, *, by_pod: bool = False, owners: Owners | None = None) -> Matrix:
    """The matrix of workloads, or of every pod, and of the ranges outside that policies tell apart."""
    return Matrix(policies, peers_of(policies, by_pod=by_pod, owners=owners))


def document(table: Matrix) -> dict[str, Any]:
    """The PolicyMatrix of the contract. Lists are in a stable order.

    A connection says `unknown` where more may be allowed. Pairs with nothing allowed are left out; those of them of
    which something is not known stand in a list of their own, `uncertain`.
    """
    found = sorted(table.connections(), key=lambda one: (one.source.id, one.destination.id))
    uncertain = [connection_document(one) for one in found if not any(one.allowed.values())]
    return {
        "apiVersion": "netdoc/v1",
        "kind": "PolicyMatrix",
        "peers": [{"id": peer.id} for peer in table.peers],
        "connections": [connection_document(one) for one in found if any(one.allowed.values())],
        **({"uncertain": uncertain} if uncertain else {}),
    }


def connection_document(connection: Connection) -> dict[str, Any]:
    result: dict[str, Any] = {
        "from": connection.source.id,
        "to": connection.destination.id,
        "allowed": _spans(connection.allowed),
    }
    if connection.unknown:
        result["unknown"] = _spans(connection.unknown)
    return result


def _spans(ports: Intervals) -> dict[str, list[list[int]]]:
    return {protocol: [list(span) for span in ports.get(protocol, ())] for protocol in PROTOCOLS}


class _Columns:
    """Who reaches each profile, in terms of profiles: both directions and all families put together."""

    def __init__(self, policies: PolicySet) -> None:
        self._policies = policies
        self._profiles = policies.profiles
        self._families = [family for family in (4, 6) if self._profiles.present(family)]
        self._parts: dict[tuple[int, int], list[Cells]] = {}
        self._egress = {family: self._egress_columns(family) for family in self._families}
        self._known: dict[int, Column] = {}

    def of(self, profile: int) -> Column:
        known = self._known.get(profile)
        if known is None:
            known = self._known[profile] = self._column(profile)
        return known

    def between(self, source: int, destination: int) -> tuple[int, int]:
        """The ports surely and possibly allowed between two profiles."""
        for cells in self.of(destination):
            if cells.sources >> source & 1:
                return cells.sure, cells.possible
        return 0, 0

    def _column(self, profile: int) -> Column:
        families = [family for family in self._families if self._profiles.present(family) >> profile & 1]
        result = [Cells(self._profiles.everything, -1, 0)]
        reached = 0
        for family in families:
            present = self._profiles.present(family)
            reached |= present
            left = present
            for cells in self._both(profile, family):
                result = _refine(result, cells.sources & present, cells.sure, cells.possible)
                left &= ~cells.sources
            result = _refine(result, left, 0, 0)
        result = [one._replace(sources=one.sources & reached) for one in result]
        return tuple(one for one in _merged(result) if one.sources and one.possible)

    def _both(self, profile: int, family: int) -> list[Cells]:
        """Ingress at the profile and egress at each source: both must allow."""
        found = []
        for inward in self._partition("ingress", profile, family):
            for outward in self._egress[family].get(profile, ()):
                sources = inward.sources & outward.sources
                possible = inward.possible & outward.possible
                if sources and possible:
                    found.append(Cells(sources, inward.sure & outward.sure, possible))
        return found

    def _partition(self, direction: str, profile: int, family: int) -> list[Cells]:
        chain = self._policies.chain(direction, profile)  # type: ignore[arg-type]
        key = (id(chain), family)
        known = self._parts.get(key)
        if known is None:
            known = self._parts[key] = partition(self._policies, chain, family)
        if direction in self._policies.foreign_directions(profile):
            return [one._replace(sure=0, possible=self._policies.ports.everything) for one in known]
        return known

    def _egress_columns(self, family: int) -> dict[int, list[Cells]]:
        """Egress by destination: for each, the sources that may send to it, with their ports."""
        columns: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
        for targets, sources in self._egress_groups(family).items():
            for destination in positions(targets.sources):
                column = columns[destination]
                outcome = (targets.sure, targets.possible)
                column[outcome] = column.get(outcome, 0) | sources
        return {
            destination: [Cells(sources, sure, possible) for (sure, possible), sources in column.items()]
            for destination, column in columns.items()
        }

    def _egress_groups(self, family: int) -> dict[Cells, int]:
        """Destinations with their ports (here `sources` are the other ends), to the subjects that may reach them."""
        by_chain: dict[tuple[int, bool], list[int]] = defaultdict(list)
        for position in positions(self._profiles.present(family)):
            chain = self._policies.chain("egress", position)
            by_chain[id(chain), "egress" in self._policies.foreign_directions(position)].append(position)
        groups: dict[Cells, int] = {}
        for subjects in by_chain.values():
            for cells in self._partition("egress", subjects[0], family):
                if cells.possible:
                    groups[cells] = groups.get(cells, 0) | bits(subjects)
        return groups


def partition(policies: PolicySet, chain: Chain, family: int) -> list[Cells]:
    """The profiles as sets that the chain's clauses cannot tell apart, each with its outcome."""
    everything = policies.ports.everything
    if chain is OPEN:
        return [Cells(policies.profiles.everything, everything, everything)]
    which = int(family == 6)
    groups = [policies.profiles.everything]
    for matched in {clause.peers for clause in chain.clauses()}:
        for chosen in (matched.sure[which], matched.maybe[which]):
            groups = [part for group in groups for part in (group & chosen, group & ~chosen) if part]
    found = []
    for group in groups:
        first = (group & -group).bit_length() - 1
        accept, deny = outcomes(chain, first, which, everything)
        found.append(Cells(group, accept & ~deny, accept))
    return _merged(found)


def _refine(cells: Iterable[Cells], sources: int, sure: int, possible: int) -> list[Cells]:
    """Narrow what is sure, and widen what is possible, for the given sources."""
    result = []
    for one in cells:
        inside, outside = one.sources & sources, one.sources & ~sources
        if inside:
            result.append(Cells(inside, one.sure & sure, one.possible | possible))
        if outside:
            result.append(one._replace(sources=outside))
    return result


def _raise(cells: Iterable[Cells], source: int, sure: int, possible: int) -> list[Cells]:
    """Widen what is sure and possible for one source, which may not be in any cell yet."""
    result = []
    for one in cells:
        if one.sources & source:
            sure, possible = sure | one.sure, possible | one.possible
            one = one._replace(sources=one.sources & ~source)
        if one.sources:
            result.append(one)
    return [*result, Cells(source, sure, possible)]


def _minus(cells: Iterable[Cells], sources: int) -> list[Cells]:
    return [one._replace(sources=left) for one in cells if (left := one.sources & ~sources)]


def _merged(cells: Iterable[Cells]) -> list[Cells]:
    """Sets with equal ports as one."""
    found: dict[tuple[int, int], int] = {}
    for one in cells:
        key = (one.sure, one.possible)
        found[key] = found.get(key, 0) | one.sources
    return [Cells(sources, sure, possible) for (sure, possible), sources in found.items()]


def always_same_node(one: Peer, other: Peer) -> bool:
    """Whether all pods of both run on one node, and those of one of them in its network."""
    single = len(one.nodes) == 1 and one.nodes == other.nodes
    return single and (one.host_nodes == one.nodes or other.host_nodes == other.nodes)
