"""Whether one rule covers another, judged by what is written alone: True only where it holds for any cluster."""

from __future__ import annotations

from collections.abc import Sequence

from netdoc.model.kube import LabelSelector
from netdoc.predict.policy.addresses import Block, parse_network
from netdoc.predict.policy.rules import NAME_LABEL, Blocks, Domains, Match, Nodes, Peer, Pods, Port, Rule, Unreadable
from netdoc.predict.selectors import canonical, matches


def rule_covers(wide: Rule, narrow: Rule) -> bool:
    """Whether whatever `narrow` matches, `wide` matches too."""
    if any(isinstance(peer.match, Unreadable) for peer in (*(wide.peers or ()), *(narrow.peers or ()))):
        return False
    return peers_cover(wide.peers, narrow.peers) and ports_cover(wide.ports, narrow.ports)


def peers_cover(wide: Sequence[Peer] | None, narrow: Sequence[Peer] | None) -> bool:
    if wide is None:
        return True
    if narrow is None:
        return False
    return all(any(match_covers(one.match, other.match) for one in wide) for other in narrow)


def match_covers(wide: Match, narrow: Match) -> bool:
    if isinstance(wide, Pods) and isinstance(narrow, Pods):
        return selector_covers(wide.pods, narrow.pods) and _namespaces_cover(wide, narrow)
    if isinstance(wide, Blocks) and isinstance(narrow, Blocks):
        return all(any(block_covers(one, other) for one in wide.blocks) for other in narrow.blocks)
    if isinstance(wide, Nodes) and isinstance(narrow, Nodes):
        return selector_covers(wide.selector, narrow.selector)
    if isinstance(wide, Domains) and isinstance(narrow, Domains):
        return set(narrow.names) <= set(wide.names)
    return False


def selector_covers(wide: LabelSelector, narrow: LabelSelector) -> bool:
    """Every term of the wide one is a term of the narrow one, which may have more."""
    return canonical(wide) <= canonical(narrow)


def _namespaces_cover(wide: Pods, narrow: Pods) -> bool:
    if wide.relation is not None or narrow.relation is not None:
        return wide.relation == narrow.relation
    if wide.namespace is not None:
        return narrow.namespace == wide.namespace
    if wide.namespaces is None:
        return False
    if narrow.namespace is not None:
        known = {NAME_LABEL} >= set(wide.namespaces.match_labels) | {
            one.key for one in wide.namespaces.match_expressions
        }
        return known and matches(wide.namespaces, {NAME_LABEL: narrow.namespace})
    return narrow.namespaces is not None and selector_covers(wide.namespaces, narrow.namespaces)


def block_covers(wide: Block, narrow: Block) -> bool:
    """The narrow block lies in the wide one, and meets none of its exceptions but where it has them too."""
    if not _inside(narrow[0], wide[0]):
        return False
    return all(not _overlap(cut, narrow[0]) or any(_inside(cut, own) for own in narrow[1]) for cut in wide[1])


def _inside(inner: str, outer: str) -> bool:
    small, large = parse_network(inner), parse_network(outer)
    return small.version == large.version and small.prefixlen >= large.prefixlen and small.network_address in large


def _overlap(one: str, other: str) -> bool:
    return _inside(one, other) or _inside(other, one)


def ports_cover(wide: Sequence[Port] | None, narrow: Sequence[Port] | None) -> bool:
    if wide is None:
        return True
    if narrow is None:
        return False
    return all(any(port_covers(one, other) for one in wide) for other in narrow)


def port_covers(wide: Port, narrow: Port) -> bool:
    if wide.name is not None:
        return narrow.name == wide.name and wide.protocol in (None, narrow.protocol)
    if wide.protocol != narrow.protocol:
        return False
    whole = (wide.first, wide.last) == (1, 65535)
    return whole or (narrow.name is None and wide.first <= narrow.first and narrow.last <= wide.last)
