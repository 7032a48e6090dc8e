"""Judges DNS pods that were asked by themselves. An answer proves the process alone, and makes no hop pass. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Gap, Judgement, Unjudged
from netdoc_checks.connect.seen import Seen, Tunnel, in_rotation


def judge_tunnels(seen: Seen) -> Iterable[Judgement]:
    """A pod is to blame where the tunnel was closed at once, or where it alone is silent: tunnels may be slow.

    One that is not ready takes no questions, and its silence costs none while others answer.
    """
    failed = [one for one in seen.tunnels if isinstance(one.result, dict) and one.result["failures"]]
    answered = [one for one in seen.tunnels if isinstance(one.result, dict) and not one.result["failures"]]
    dead = [one for one in failed if answered or _kind(one) != "timeout"]
    for one in seen.tunnels:
        gap = one.result
        if isinstance(gap, Gap):
            yield Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail)
        elif one in failed and one not in dead:
            yield Unjudged(what=f"whether {one.pod.name} answers by itself", reason="timeout", detail=one.vantage)
    hops = tuple(source.hop for source in seen.subject.path.sources)
    if dead and hops and seen.dns_owner is not None:
        yield Finding(
            code="dns.server-down" if len(dead) == len(seen.tunnels) else "dns.server-partial",
            title=f"{len(dead)} of {len(seen.tunnels)} DNS pods do not answer, asked inside their own pod",
            object=seen.dns_owner,
            hops=hops,
            severity="error" if any(in_rotation(one.pod) for one in dead) or not answered else "warning",
            evidence=tuple(_evidence(one, seen) for one in dead[:4]),
        )


def _kind(one: Tunnel) -> str:
    assert isinstance(one.result, dict)
    return str(one.result["rounds"][0].get("failure", {}).get("kind", "timeout"))


def _evidence(one: Tunnel, seen: Seen) -> Evidence:
    assert isinstance(one.result, dict)
    told = one.result["rounds"][0].get("failure", {})
    return Evidence(
        kind="dns",
        object=one.pod.ref,
        vantage=one.vantage,
        observed=str(told.get("detail") or told.get("kind", "no answer")),
        expected="an answer over TCP on localhost",
        attempts=one.result["attempts"],
        failures=one.result["failures"],
        command=seen.subject.kubectl("port-forward", one.pod.name, "5353:53", namespace=one.pod.namespace),
    )
