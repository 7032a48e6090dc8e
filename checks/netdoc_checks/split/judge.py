"""Holds a caller's own view of a name against the other one, and tells what is wrong from what is meant so. Pure.

The view is wrong that lacks the name, or leads where this caller cannot go or the object behind the name is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdoc.api import Finding, Judgement, Unjudged
from netdoc_checks.split import tell
from netdoc_checks.split.seen import Case, Seen, Tried, private

MISMATCH, STALE, WRONG = "dns.split-horizon-mismatch", "dns.stale-address", "dns.wrong-address"


def judge(seen: Seen) -> Iterable[Judgement]:
    told: set[tuple[object, ...]] = set()
    for case in seen.cases:
        for one in _of_case(case, seen):
            key = (type(one), getattr(one, "code", ""), getattr(one, "object", ""), getattr(one, "what", ""))
            if key not in told:
                told.add(key)
                yield one


def _of_case(case: Case, seen: Seen) -> Iterable[Judgement]:
    own, other = case.own, case.other
    if own.gap is not None:
        yield _unasked(case, own.gap.what, own.gap.reason, own.gap.detail)
        return
    if own.failure:
        yield from _missing(case, seen)
        return
    parts = (_gone, _hairpin, _another, _of_old, _private)
    found = next((one for one in (part(case, seen) for part in parts) if one is not None), None)
    if found is not None:
        yield found
    elif other.gap is not None and not case.published:
        what = f"{seen.name} as the {other.place} sees it"
        yield _unasked(case, what, other.gap.reason, other.gap.detail)


def _unasked(case: Case, what: str, reason: str, detail: str) -> Unjudged:
    """What was not asked stands under notChecked: no view is held against one that is not known."""
    return Unjudged(what=what, reason=reason, detail=detail, hop=case.hop)  # type: ignore[arg-type]


def _missing(case: Case, seen: Seen) -> Iterable[Judgement]:
    """The name is there for others. Silence and SERVFAIL are no view: they are told by who measures the lookup."""
    own, other = case.own, case.other
    if not own.lacks:
        yield _unasked(case, f"{seen.name} as the {own.place} sees it", "incomplete", own.detail or own.failure)
        return
    dead_end = bool(own.pinned)  # a rewrite that leads to nothing is wrong by itself
    if not other.addresses and not dead_end:
        return
    words = "does not exist" if own.failure == "not-found" else "has no address"
    there = f", and {other.place} it leads to {_named(other.addresses, seen)}" if other.addresses else ""
    yield tell.finding(
        MISMATCH,
        case,
        seen,
        title=f"{seen.name} {words} for {case.who}{there}",
        detail=own.detail if dead_end else "",
        severity="error",
    )


def _gone(case: Case, seen: Seen) -> Finding | None:
    """Addresses in the cluster's own ranges that nobody has."""
    gone = [one for one in case.own.addresses if seen.holder(one).gone]
    if not gone:
        return None
    return tell.finding(
        STALE,
        case,
        seen,
        title=f"{seen.name} leads {case.who} to {gone[0]}, an address of the cluster's that nobody has",
        detail=_instead(case, seen),
        severity="error",
    )


def _hairpin(case: Case, seen: Seen) -> Finding | None:
    """No connection from inside to the load balancer's address, while what stands behind it answers the same pod."""
    dead = [one for one in case.tried if one.dead and seen.holder(one.address).balanced]
    behind = [one for one in case.beside if one.alive]
    if case.pod is None or not dead or not behind or case.service is None:
        return None
    if seen.holder(dead[0].address).object != case.service.ref:
        return None
    address, service = dead[0].address, case.service
    return tell.finding(
        MISMATCH,
        case,
        seen,
        title=f"{seen.name} leads {case.who} to {address}:{dead[0].port}, the load balancer of {service.ref}, which"
        " does not answer from inside",
        detail=f"{behind[0].address}:{behind[0].port}, the Service itself, answers the same pod{_why(case, address)}",
        severity="error",
    )


def _why(case: Case, address: str) -> str:
    """What the Service's own fields say of a connection from inside to its load balancer."""
    assert case.service is not None
    entries = case.service.status.load_balancer.ingress
    if any(one.ip == address and one.ip_mode == "Proxy" for one in entries):
        return "; ipMode Proxy sends pods out to the load balancer and back (KEP-1860)"
    ranges = case.service.spec.load_balancer_source_ranges
    return f"; loadBalancerSourceRanges admits {', '.join(ranges[:3])} alone" if ranges else ""


def _another(case: Case, seen: Seen) -> Finding | None:
    """An answer that is the load balancer of another Service than the one that the name stands for."""
    service = case.service
    if service is None or _shares(case):
        return None
    others = [one for one in case.own.addresses if seen.holder(one).balanced]
    foreign = [one for one in others if seen.holder(one).object != service.ref]
    if not foreign:
        return None
    return tell.finding(
        WRONG,
        case,
        seen,
        title=f"{seen.name} leads {case.who} to {_named(foreign, seen)}, and stands for {service.ref}",
        detail=_instead(case, seen),
        severity="error" if case.published else "warning",
        proven=case.published,
    )


def _of_old(case: Case, seen: Seen) -> Finding | None:
    """An answer that nobody here has, where the name stands for an object that has another one.

    Proven where the Corefile pins it, or where no connection to it stands and one to the object does. Else it may be
    a second site's, and is a suspicion; a proxy or firewall in front of the cluster is none at all.
    """
    service = case.service
    extra = [one for one in case.reachable if seen.holder(one).nobody]
    if service is None or not extra:
        return None
    pinned = case.own.place == "inside" and case.ruling is not None and case.ruling.by in ("hosts", "hostAliases")
    dead = [one for one in case.tried if one.address in extra and one.dead]
    alike = {":" in one.address for one in _right(case) if one.alive}  # IPv4 that works says nothing of IPv6
    proven = (pinned and not _answers(case, extra)) or any((":" in one.address) in alike for one in dead)
    if not proven and not _suspect(case, extra):
        return None
    said = "does not answer" if dead else "nobody here has"
    return tell.finding(
        STALE,
        case,
        seen,
        title=f"{seen.name} leads {case.who} to {extra[0]}, which {said}, and stands for {service.ref}",
        detail=_instead(case, seen) + _remaining(case),
        severity="error" if proven else "warning",
        proven=proven,
    )


def _answers(case: Case, addresses: Sequence[str]) -> bool:
    return any(case.answers(one) for one in addresses)


def _right(case: Case) -> tuple[Tried, ...]:
    """Connections to the object that the name stands for, by whichever of its addresses."""
    service = case.service
    own = (*service.external_addresses, *service.cluster_addresses) if service is not None else ()
    return (*case.beside, *(one for one in case.tried if one.address in own))


def _suspect(case: Case, extra: Sequence[str]) -> bool:
    """Inside, a public address beside or in place of the load balancer's own public one."""
    service = case.service
    public = [one for one in (service.external_addresses if service is not None else ()) if not private(one)]
    return case.own.place == "inside" and bool(public) and not private(extra[0]) and not _answers(case, extra)


def _private(case: Case, seen: Seen) -> Finding | None:
    """The Internet gets an address that leads nowhere from there, from a resolver that was named as an outside one.

    This machine's own may have the inside view: a VPN's, an office's.
    """
    hidden = [one for one in case.own.addresses if private(one)]
    named = bool(getattr(seen.subject.parameters, "outside", ""))
    if not (case.internet and named and hidden) or len(hidden) < len(case.own.addresses):
        return None
    return tell.finding(
        MISMATCH,
        case,
        seen,
        title=f"{seen.name} leads the Internet to {hidden[0]}, a private address",
        detail=_instead(case, seen),
        severity="error",
    )


def _shares(case: Case) -> bool:
    service = case.service
    own = (*service.external_addresses, *service.cluster_addresses) if service is not None else ()
    return any(one in own for one in case.own.addresses)


def _named(addresses: Sequence[str], seen: Seen) -> str:
    """The first addresses, each with whose it is."""
    told = []
    for one in addresses[:2]:
        holder = seen.holder(one)
        told.append(f"{one} ({holder.object})" if holder.object is not None else one)
    return ", ".join(told) + (f" and {len(addresses) - 2} more" if len(addresses) > 2 else "")


def _instead(case: Case, seen: Seen) -> str:
    """Where the name leads by the other view, or should by the object."""
    if case.other.addresses:
        return f"{case.other.place} it leads to {_named(case.other.addresses, seen)}"
    service = case.service
    known = service.external_addresses if service is not None and case.published else ()
    return f"{service.ref} has {', '.join(known)}" if service is not None and known else ""


def _remaining(case: Case) -> str:
    """For how long the answer may still be kept; what the Corefile pins does not run out."""
    runs_out = case.own.ttl and (case.ruling is None or case.ruling.by != "hosts")
    return f"; the answer may be kept for another {case.own.ttl} s" if runs_out else ""
