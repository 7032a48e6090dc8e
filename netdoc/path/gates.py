"""Where policies stand on a path: a gate at the caller's end and one before what answers.

A gate says where policies decide, not that there are any: that is for whoever reads them.
"""

from __future__ import annotations

from netdoc.model.path import Hop, Source

_ANSWERING = frozenset({"endpoint", "pod"})


def with_gates(hops: tuple[Hop, ...], sources: tuple[Source, ...]) -> tuple[Hop, ...]:
    """The hops with a gate after each caller that is a pod, and one after each hop that leads to pods."""
    calling = {source.hop for source in sources if source.pods}
    by_id = {hop.id: hop for hop in hops}
    found: list[Hop] = []
    for hop in hops:
        found.append(hop)
        if hop.id in calling and hop.next:
            found.append(_gate("egress", hop, hop.next))
        answering = tuple(id_ for id_ in hop.next if by_id[id_].kind in _ANSWERING)
        if answering and hop.kind != "endpoint":
            found.append(_gate("ingress", hop, answering))
    return tuple(found)


def _gate(direction: str, before: Hop, after: tuple[str, ...]) -> Hop:
    return Hop(id=f"policy/{direction}/{before.id}", kind="policy", object=before.object, between=(before.id, *after))
