"""Judges how one nameserver answers: by size and transport, in what time, and whether answers get lost. Pure.

A time by itself says nothing: it is held against the same server's other answers, another name's, or the network's.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix
from netdoc_checks.connect import proof
from netdoc_checks.connect.questions import STALL
from netdoc_checks.connect.seen import Asked, Caller, Resolver, Seen

FELT = 1000.0  # ms below which nobody complains of a lookup
TIMES = 10.0  # how much longer than its like is far longer

Told = tuple[str, list[Evidence]]


def judge_answers(caller: Caller, seen: Seen) -> Iterable[Finding]:
    resolver = caller.resolver
    told = resolver if resolver is not None and resolver.name.gap is None else None
    if told is not None:
        yield from _size(told, caller, seen)
        yield from _slow(told, caller, seen)
    yield from _stalls(told, caller, seen)


# Size and transport


def _size(resolver: Resolver, caller: Caller, seen: Seen) -> Iterable[Finding]:
    """TC asks the client to come again over TCP (RFC 7766): where that works it costs a turn, else the name fails."""
    udp, tcp, large = resolver.name, resolver.tcp, resolver.edns
    if tcp is None or not udp.answers:
        return
    if tcp.silent and (udp.truncated or _uses_tcp(caller)):
        yield _blocked(udp, tcp, resolver, caller, seen)
    elif udp.truncated and tcp.answers:
        lost = large is not None and large.silent
        yield _truncated(udp, tcp, large if lost else None, caller, seen)


def _uses_tcp(caller: Caller) -> bool:
    return "use-vc" in caller.conf.get("options", ())


def _blocked(udp: Asked, tcp: Asked, resolver: Resolver, caller: Caller, seen: Seen) -> Finding:
    needed = "the answer does not fit into UDP" if udp.truncated else "resolv.conf has the option use-vc"
    return Finding(
        code="dns.tcp-blocked",
        title=f"{needed}, and {tcp.server} does not answer {caller.who} over TCP: {proof.why(tcp)}",
        detail="the DNS Service does not offer 53/TCP"
        if resolver.cluster and not _offers_tcp(seen)
        else "a policy or firewall that lets 53/UDP pass and not 53/TCP does this",
        object=caller.owner,
        hops=(caller.hop,),
        severity="error",
        evidence=(
            proof.of(udp, "a whole answer", caller, seen),
            proof.of(tcp, "an answer over TCP", caller, seen),
        ),
        fix=Fix(summary=f"let {caller.who} send 53/TCP to cluster DNS wherever it may send 53/UDP"),
    )


def _offers_tcp(seen: Seen) -> bool:
    return seen.dns is None or any((one.port, one.protocol) == (53, "TCP") for one in seen.dns.spec.ports)


def _truncated(udp: Asked, tcp: Asked, large: Asked | None, caller: Caller, seen: Seen) -> Finding:
    """Cut over UDP and whole over TCP; and lost where a client offers room for more than a packet carries."""
    how = f"and lost on the way where a client takes {large.edns} octets" if large else "and whole over TCP"
    has = f"has {tcp.size} octets" if tcp.size else "is long"  # not every tool tells
    evidence = [proof.of(udp, "a whole answer", caller, seen)]
    if large is not None:
        evidence.append(proof.of(large, "the answer, in fragments", caller, seen))
    return Finding(
        code="dns.truncated",
        title=f"the answer for {udp.name} {has}: it is cut over UDP, {how}",
        detail="resolvers that do not come again over TCP (musl before 1.2.4) see a part of it, or nothing",
        object=caller.owner,
        hops=(caller.hop,),
        severity="warning",
        evidence=(*evidence, proof.of(tcp, "the whole answer", caller, seen)),
        fix=Fix(summary="keep answers within a packet (`bufsize 1232` in the Corefile), and 53/TCP open")
        if large
        else None,
    )


# Loss


def _stalls(resolver: Resolver | None, caller: Caller, seen: Seen) -> Iterable[Finding]:
    """Whoever loses a question waits for the resolver's timer, five seconds unless resolv.conf says otherwise."""
    told = _dead(resolver, caller, seen) or _lossy(resolver, caller, seen) or _late(caller, seen)
    if told is not None:
        title, evidence = told
        yield Finding(
            code="dns.five-second-stalls",
            title=title,
            detail=_detail(caller),
            object=caller.owner,
            hops=(caller.hop,),
            severity="error",
            evidence=tuple(evidence),
            fix=_mend(caller, seen),
        )


def _mend(caller: Caller, seen: Seen) -> Fix | None:
    """Against the race: one question after the other, from sockets of their own (resolv.conf(5)), or no connection
    table on the way (NodeLocal DNSCache). musl knows no such option."""
    if caller.pair is None or not caller.pair.race:
        return None
    options = {"dnsConfig": {"options": [{"name": "single-request-reopen"}]}}
    words = ("edit", caller.owner.kind.lower(), caller.owner.name)
    return Fix(
        summary="set the option single-request-reopen in the pod's dnsConfig (glibc), or install NodeLocal DNSCache",
        commands=(seen.subject.kubectl(*words, namespace=caller.owner.namespace),),
        patch={"spec": options if caller.owner.kind == "Pod" else {"template": {"spec": options}}},
    )


def _dead(resolver: Resolver | None, caller: Caller, seen: Seen) -> Told | None:
    """The first nameserver is silent and another one answers: libc waits for the first each time."""
    first = caller.resolvers[0].name if caller.resolvers else None
    if resolver is None or first is None or first is resolver.name or not first.silent:
        return None
    title = f"the first nameserver of {caller.who}, {first.server}, does not answer: each lookup waits for it"
    return title, [proof.of(first, "an answer", caller, seen), proof.of(resolver.name, "an answer", caller, seen)]


def _lossy(resolver: Resolver | None, caller: Caller, seen: Seen) -> Told | None:
    """Some questions get lost, twice at least; or pairs do, and none that is asked apart."""
    udp, pair = resolver.name if resolver is not None else None, caller.pair
    if udp is None or not udp.answers:
        return None
    evidence = [proof.of(udp, "every answer", caller, seen), *_of_late(caller, seen)]
    if pair is not None and pair.race:
        often = f"{pair.lost} answers in {pair.names} {'lookup' if pair.names == 1 else 'lookups'}"
        return f"{caller.who} loses {often} where the questions for A and AAAA leave together", evidence
    if len(udp.lost) > 1:
        title = f"{len(udp.lost)} of {len(udp.rounds)} questions to {udp.server} get no answer: each costs a timeout"
        return title, evidence
    return None


def _late(caller: Caller, seen: Seen) -> Told | None:
    """libc came to its answer after a whole turn of its timer."""
    evidence = _of_late(caller, seen)
    if not evidence or caller.lookup is None:
        return None
    late = [float(one["ms"]) for one in caller.lookup.tries if one["ok"] and float(one.get("ms", 0.0)) >= STALL]
    often = f"{len(late)} of {len(caller.lookup.tries)} tries"
    return f"{caller.lookup.name} resolves after {max(late) / 1000:.1f} s in {often}", evidence


def _of_late(caller: Caller, seen: Seen) -> list[Evidence]:
    lookup = caller.lookup
    late = [one for one in lookup.tries if one["ok"] and float(one.get("ms", 0.0)) >= STALL] if lookup else []
    if lookup is None or not late:
        return []
    worst = max(float(one["ms"]) for one in late)
    return [proof.of_lookup(lookup, "an answer at once", caller, seen, f"{worst:.0f} ms")]


def _detail(caller: Caller) -> str:
    pair = caller.pair
    if pair is None:
        return ""
    apart = f"asked one after the other, {pair.lost_apart or 'none'} in {pair.names_apart}"
    if pair.race:
        return f"{apart}: two packets of one socket race for one entry of the node's connection table"
    return f"asked for A and AAAA together, {pair.lost or 'no'} answers got lost in {pair.names} lookups; {apart}"


# Time


def _slow(resolver: Resolver, caller: Caller, seen: Seen) -> Iterable[Finding]:
    udp = resolver.name
    if not udp.answers:
        return
    told = _among_pods(caller) or _against_other(resolver, caller) or _against_itself(udp)
    if told:
        title, other = told
        evidence = [proof.of(udp, "an answer in the time of its like", caller, seen, f"median {udp.median:.0f} ms")]
        if other is not None:
            evidence.append(proof.of(other, "", caller, seen, f"median {other.median:.0f} ms"))
        yield Finding(
            code="dns.slow",
            title=title,
            object=caller.owner,
            hops=(caller.hop,),
            severity="error",
            evidence=tuple(evidence),
        )


def _among_pods(caller: Caller) -> tuple[str, Asked | None] | None:
    """One DNS pod is far slower than another, asked at their own addresses."""
    told = sorted((one for one in caller.servers if one.asked.answers), key=lambda one: one.asked.median)
    if len(told) < 2 or told[-1].asked.median < max(FELT, TIMES * told[0].asked.median):
        return None
    fast, slow = told[0], told[-1]
    took = f"takes {slow.asked.median / 1000:.1f} s for {slow.asked.name}"
    return f"the DNS pod {slow.pod.name} {took}, and {fast.pod.name} {fast.asked.median:.0f} ms", slow.asked


def _against_other(resolver: Resolver, caller: Caller) -> tuple[str, Asked | None] | None:
    """Most answers are slow: beside a name of the cluster at the same server, or beside the network itself."""
    udp, control = resolver.name, resolver.control
    if udp.median < FELT or len(udp.answers) < 3:
        return None
    took = f"answers for {udp.name} take {udp.median / 1000:.1f} s"
    if control is not None and control.answers and udp.median >= TIMES * control.median:
        return f"{took}, and for the cluster's own names {control.median:.0f} ms, at the same server", control
    connected = [float(one["ms"]) for row in caller.rows for one in row.tries if one["ok"] and "ms" in one]
    if connected and udp.median >= TIMES * statistics.median(connected):
        return f"{took}, and connections {statistics.median(connected):.0f} ms: {udp.server} is slow", None
    return None


def _against_itself(udp: Asked) -> tuple[str, Asked | None] | None:
    """Some answers are far slower than the others of the same name."""
    slow = [one for one in udp.times if one >= max(FELT, TIMES * udp.median)]
    if len(slow) > 1 and 4 * len(slow) >= len(udp.times):
        took = f"{len(slow)} of {len(udp.times)} answers for {udp.name} take up to {max(slow) / 1000:.1f} s"
        return f"{took}, and the others {udp.median:.0f} ms", None
    return None
