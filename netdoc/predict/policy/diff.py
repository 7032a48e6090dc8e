"""What becomes allowed and what becomes denied between two policy sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from netdoc.predict.policy.addresses import Network, parse_network
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.matrix import Cells, Matrix
from netdoc.predict.policy.model import End
from netdoc.predict.policy.peers import Owners, Peer, outside, pod_peers
from netdoc.predict.policy.ports import Intervals, without
from netdoc.predict.selectors import positions


class Difference(msgspec.Struct, frozen=True):
    """One pair of peers: ports that become allowed, that become denied, and that can no longer, or now, be told.

    Ports count as allowed where they surely are. `unknown` are those that are uncertain in the second set and
    were not in the first.
    """

    source: str
    destination: str
    allowed: Intervals
    denied: Intervals
    unknown: Intervals


class Diff(msgspec.Struct, frozen=True):
    """`added` and `removed` are peers that only one of the sets has; their connections are not compared."""

    changes: tuple[Difference, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def diff(before: PolicySet, after: PolicySet, *, by_pod: bool = False, owners: Owners | None = None) -> Diff:
    """Compare two sets peer by peer. Pods may differ between them; peers are matched by id."""
    keys = before.label_keys | after.label_keys
    olds = {peer.id: peer for peer in pod_peers(before, by_pod=by_pod, owners=owners, keys=keys)}
    news = {peer.id: peer for peer in pod_peers(after, by_pod=by_pod, owners=owners, keys=keys)}
    common = sorted(olds.keys() & news.keys())
    beyond = joint_outside(before, after)
    first = Matrix(before, [*(olds[one] for one in common), *(one for one, _ in beyond)])
    second = Matrix(after, [*(news[one] for one in common), *(one for _, one in beyond)])
    return Diff(
        changes=tuple(sorted(differences(first, second), key=lambda one: (one.source, one.destination))),
        added=tuple(sorted(news.keys() - olds.keys())),
        removed=tuple(sorted(olds.keys() - news.keys())),
    )


def joint_outside(before: PolicySet, after: PolicySet) -> list[tuple[Peer, Peer]]:
    """Ranges outside that either set tells apart, as a peer of each."""
    networks = {parse_network(peer.id) for one in (before, after) for peer in outside(one)}
    split = {above for network in networks for above in _above(network)}
    finest = sorted((network for network in networks if _place(network) not in split), key=_place)
    return [(_beyond(before, network), _beyond(after, network)) for network in finest]


def _place(network: Network) -> tuple[int, int, int]:
    """Family, prefix length and prefix: where a block stands in the tree of blocks."""
    shift = network.max_prefixlen - network.prefixlen
    return network.version, network.prefixlen, int(network.network_address) >> shift


def _above(network: Network) -> Iterator[tuple[int, int, int]]:
    """Every block that holds this one."""
    family, length, prefix = _place(network)
    return ((family, shorter, prefix >> (length - shorter)) for shorter in range(length))


def _beyond(policies: PolicySet, network: Network) -> Peer:
    profile = policies.outside_profile(network.network_address)
    return Peer(str(network), (), (profile,), frozenset(), frozenset())


def joint_profiles(before: PolicySet, after: PolicySet) -> list[tuple[Peer, Peer]]:
    """The pods of a cluster, those that neither set tells apart as one, and the ranges outside.

    Both sets must be of the same pods. What pods of one node share beyond policies is left out: it is the same.
    """
    groups: dict[tuple[int, int], list[tuple[End, End]]] = defaultdict(list)
    for old, new in zip(before.pods(), after.pods(), strict=True):
        if not old.finished:
            groups[old.profile, new.profile].append((old, new))
    found = []
    for members in groups.values():
        olds, news = tuple(old for old, _ in members), tuple(new for _, new in members)
        found.append((_like(olds), _like(news)))
    return found + joint_outside(before, after)


def _like(ends: tuple[End, ...]) -> Peer:
    return Peer(ends[0].id, ends, (ends[0].profile,), frozenset(), frozenset())


class _Change(NamedTuple):
    sources: int
    before: tuple[Intervals, Intervals]
    after: tuple[Intervals, Intervals]


def differences(first: Matrix, second: Matrix) -> Iterator[Difference]:
    """The pairs that differ between two matrices over the same peers in the same order."""
    for position, destination in enumerate(first.peers):
        for change in _column(first, second, position):
            (old, old_doubt), (new, new_doubt) = change.before, change.after
            for source in positions(change.sources):
                yield Difference(
                    source=first.peers[source].id,
                    destination=destination.id,
                    allowed=without(new, old),
                    denied=without(without(old, new), new_doubt),
                    unknown=without(new_doubt, old_doubt),
                )


def _column(first: Matrix, second: Matrix, destination: int) -> Iterator[_Change]:
    olds, news = first.column(destination), second.column(destination)
    for old in _whole(olds, news):
        for new in _whole(news, olds):
            sources = old.sources & new.sources
            if not sources:
                continue
            before, after = _intervals(first, old), _intervals(second, new)
            if before != after:
                yield _Change(sources, before, after)


def _whole(cells: Sequence[Cells], others: Sequence[Cells]) -> list[Cells]:
    """The cells, and one more for what only the others have: nothing is allowed there."""
    mine = _sources(cells)
    left = _sources(others) & ~mine
    return [*cells, Cells(left, 0, 0)] if left else list(cells)


def _sources(cells: Sequence[Cells]) -> int:
    found = 0
    for one in cells:
        found |= one.sources
    return found


def _intervals(table: Matrix, cells: Cells) -> tuple[Intervals, Intervals]:
    intervals = table.policies.ports.intervals
    return intervals(cells.sure), intervals(cells.possible & ~cells.sure)
