"""From verdicts to findings: what is denied, which rule decided, which came nearest, what would allow it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from netdoc.api import Finding, Judgement, ObjectRef, Unjudged, policy
from netdoc_checks.policy.anybody import anybody
from netdoc_checks.policy.beside import beside
from netdoc_checks.policy.denial import Denial, code_of
from netdoc_checks.policy.doubt import unknown
from netdoc_checks.policy.seen import Called, Caller, Seen
from netdoc_checks.policy.tell import finding


def judge(seen: Seen) -> Iterable[Judgement]:
    judgements: list[Judgement] = [*_unread(seen)]
    denials: list[Denial] = []
    for caller in seen.callers:
        for called in seen.called:
            found, doubts = (
                ask(caller, called, seen) if called.pod or called.address else _somewhere(caller, called, seen)
            )
            denials += found
            judgements += doubts
        judgements += _unread_names(caller, seen)
        if caller.asks_cluster_dns:
            found, doubts = _names(caller, seen)
            denials += found
            judgements += doubts
    told = list(_denied(denials, seen))
    return _once([*told, *judgements, *anybody(seen), *beside(seen)])


def _unread(seen: Seen) -> Iterable[Unjudged]:
    """A policy, or an end, that may not be read: nothing is known of what passes the gates."""
    ends = [one.hop for one in seen.called] or [one.hop for one in seen.callers]
    hops = [*(one.id for one in seen.subject.path.of_kind("policy")), *ends[:1]]
    for gap in seen.gaps:
        for hop in hops:
            yield Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail, hop=hop, blocking=True)


def _unread_names(caller: Caller, seen: Seen) -> Iterable[Unjudged]:
    """Who answers for names matters only to a caller that policies isolate for egress."""
    gap, end = seen.names_gap, seen.end(caller)
    if gap is None or end is None or not caller.asks_cluster_dns or not seen.policies.selecting("egress", end):
        return
    yield Unjudged(
        what=f"whether policies let {seen.name_of(caller)} ask cluster DNS",
        reason=gap.reason,
        detail=f"{gap.what}: {gap.detail}" if gap.detail else gap.what,
        hop=caller.hop,
        blocking=gap.blocking,
    )


def ask(caller: Caller, called: Called, seen: Seen) -> tuple[list[Denial], list[Judgement]]:
    """Every family by which the path leads there, each end by itself."""
    source, destination = _source(caller, called, seen), seen.end(called)
    if source is None or destination is None:
        return [], []
    verdict = policy.evaluate(seen.policies, source, destination, called.port, called.protocol)
    judged = [one for one in verdict.families if not called.families or one.family in called.families]
    allowed = any(one.allowed for one in judged)
    denials: dict[str, Denial] = {}
    for one in judged:
        for side in (one.egress, one.ingress):
            if side.allowed is False and side.direction not in denials:
                family = one.family if allowed else 0
                denials[side.direction] = Denial(caller, called, side, source, destination, family, allowed)
    if denials and caller.kind == "Here" and not caller.address and policy.has_blocks(seen.policies):
        return [], [_own_address(caller, called, seen)]
    doubts = [one for one in judged if one.allowed is None]
    return list(denials.values()), list(unknown(doubts[0], caller, called, seen)) if doubts else []


def _own_address(caller: Caller, called: Called, seen: Seen) -> Unjudged:
    return Unjudged(
        what=f"whether policies let {seen.name_of(caller)} reach {seen.asked(called)}",
        reason="no-source",
        detail="they go by address, and by which one the cluster sees this machine is not known; give it with --from",
        hop=called.hop,
        blocking=True,
    )


def _somewhere(caller: Caller, called: Called, seen: Seen) -> tuple[list[Denial], list[Judgement]]:
    """An outside name whose address is not known: judged where all addresses are treated alike."""
    ranges = [one.id.partition("/")[0] for one in policy.outside(seen.policies)]
    places = [msgspec.structs.replace(called, address=one) for one in ranges]
    asked = [ask(caller, place, seen) for place in places]
    if not asked or all(not denials and not doubts for denials, doubts in asked):
        return [], []
    if all(denials for denials, _ in asked):
        return [msgspec.structs.replace(one, called=called) for one in asked[0][0]], []
    return [], [
        Unjudged(
            what=f"whether policies let {seen.name_of(caller)} reach {seen.asked(called)}",
            reason="incomplete",
            detail="its address is not known, and policies allow some addresses only",
            hop=called.hop,
        )
    ]


def _source(caller: Caller, called: Called, seen: Seen) -> policy.End | None:
    """The caller; for one outside without an address of its own, an address that no policy names."""
    if caller.pod is None and not caller.address:
        family = called.families[0] if called.families else 4
        return policy.anybody(seen.policies, 6 if family == 6 else 4)
    return seen.end(caller)


def _names(caller: Caller, seen: Seen) -> tuple[list[Denial], list[Judgement]]:
    """Lookups: of the servers each is judged; the cache has several addresses, and one will do."""
    denials: list[Denial] = []
    doubts: list[Judgement] = []
    for called in (one for one in seen.resolvers if one.purpose == "dns"):
        found, unknowns = ask(caller, called, seen)
        denials += found
        doubts += unknowns
    for protocol in ("UDP", "TCP"):
        ways = [one for one in seen.resolvers if (one.purpose, one.protocol) == ("node-local", protocol)]
        shut = [denial for way in ways for denial in ask(caller, way, seen)[0]]
        partly = len({one.called.address for one in shut}) < len(ways)
        denials += [msgspec.structs.replace(one, partly=partly) for one in shut]
    return denials, doubts


def _denied(denials: Sequence[Denial], seen: Seen) -> Iterable[Finding]:
    """One finding for a code and an isolated workload."""
    gathered: dict[tuple[str, ObjectRef], list[Denial]] = {}
    for denial in denials:
        isolated = denial.isolated(seen)
        if isolated is not None:
            gathered.setdefault((code_of(denial, seen), isolated), []).append(denial)
    for (code, isolated), group in gathered.items():
        yield finding(code, isolated, group, seen)


def _once(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Each finding once for its code and object, each doubt once for its hop; the first said stands."""
    kept: dict[object, Judgement] = {}
    for one in judgements:
        what = (one.code, one.object) if isinstance(one, Finding) else (one.what, one.hop, one.detail)
        kept.setdefault(what, one)
    return list(kept.values())
