"""From measurements to findings: lookups, connections, DNS pods asked by themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Gap, Judgement, Unjudged
from netdoc_checks.connect.answers import judge_answers
from netdoc_checks.connect.connections import judge_connections
from netdoc_checks.connect.lookups import judge_lookup
from netdoc_checks.connect.names import judge_names, judge_pods
from netdoc_checks.connect.outside import unreached
from netdoc_checks.connect.seen import Caller, Seen
from netdoc_checks.connect.servers import judge_servers
from netdoc_checks.connect.tunnels import judge_tunnels


def judge(seen: Seen) -> Iterable[Judgement]:
    found: list[Judgement] = [*judge_tunnels(seen), *judge_pods(seen)]
    if seen.asked and not seen.callers:
        detail = "there is no pod of the source's to measure in; name one with --from"
        found.append(Unjudged(what="connections from the source", reason="no-source", detail=detail))
    if not seen.asked:
        found.append(Unjudged(what="connections from the source", reason="needs-consent", detail="--exec allows it"))
    if not seen.callers:
        found += unreached(seen)
    for caller in seen.callers:
        found += _gaps(caller)
        for part in (judge_lookup, judge_answers, judge_servers, judge_names, judge_connections):
            found += part(caller, seen)
    told: set[tuple[object, ...]] = set()
    for one in found:
        key = (type(one), getattr(one, "code", ""), getattr(one, "object", ""), getattr(one, "what", ""))
        if key not in told:
            told.add(key)
            yield one


def _gaps(caller: Caller) -> Iterable[Unjudged]:
    """What could not be measured stands under notChecked: what was not sent contradicts nothing."""
    results = [caller.lookup.result if caller.lookup else None, caller.gap]
    results += [one.name.gap for one in caller.resolvers[:1]]
    for gap in results:
        if isinstance(gap, Gap):
            yield Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail, hop=caller.hop)
