"""Judges what the answers say: other than the objects do, or of another name than was meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from netdoc.api import Evidence, Finding, Fix, Mitigation, corefile, kube
from netdoc_checks.connect import proof
from netdoc_checks.connect.questions import domain_of
from netdoc_checks.connect.seen import Asked, Caller, Resolver, Seen, Tunnel

FRESH = timedelta(minutes=2)
"""Younger changes may be on their way to CoreDNS's watch, or stand behind an answer in its cache."""
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"  # on EndpointSlices, by their controller
MANAGED = ".:53 {{\n kubernetes {domain}\n}}\n"


def judge_names(caller: Caller, seen: Seen) -> Iterable[Finding]:
    resolver = caller.resolver
    if resolver is None or resolver.name.gap is not None:
        return
    yield from _differs(resolver, caller, seen)
    yield from _hijack(resolver.name, caller, seen)


def judge_pods(seen: Seen) -> Iterable[Finding]:
    """DNS pods that answer for the Service's name other than its objects say, each by itself: one may be behind."""
    service, hops = seen.service, tuple(one.hop for one in seen.subject.path.sources)
    answering = [one for one in seen.tunnels if one.asked.rcode in ("NOERROR", "NXDOMAIN")]
    if service is None or not answering or not hops or _fresh(service, seen):
        return
    domain = answering[0].name.partition(".svc.")[2].rstrip(".")
    foreseen = _foreseen(answering[0].name, domain, service, seen)
    wrong = [one for one in answering if foreseen is not None and not _alike(one.asked, foreseen)]
    if wrong:
        expected = _expected(foreseen)
        shown = f"{len(wrong)} of {len(answering)} DNS pods ({wrong[0].pod.name}) answer {proof.said(wrong[0].asked)}"
        yield Finding(
            code="dns.predicted-differs",
            title=f"{shown} for {wrong[0].name}, and its objects say {expected}",
            detail="CoreDNS does not see these objects as they are: its watch is broken, or it may not read them",
            object=service.ref,
            hops=hops,
            severity="error",
            evidence=(
                *(_by_itself(one, expected, seen) for one in wrong[:3]),
                _object(service, expected, seen),
            ),
            mitigation=_restart(seen),
        )


def _by_itself(one: Tunnel, expected: str, seen: Seen) -> Evidence:
    return Evidence(
        kind="dns",
        object=one.pod.ref,
        vantage=one.vantage,
        field=proof.asked_as(one.asked),
        observed=proof.said(one.asked),
        expected=expected,
        attempts=len(one.asked.rounds),
        failures=len(one.asked.lost),
        command=seen.subject.kubectl("port-forward", one.pod.name, "5353:53", namespace=one.pod.namespace),
    )


# Against the objects


def _expected(foreseen: Any) -> str:
    return f"{foreseen.rcode} {', '.join(foreseen.answers[:4]) or 'without an address'}"


def _differs(resolver: Resolver, caller: Caller, seen: Seen) -> Iterable[Finding]:
    """Cluster DNS against what its plugin `kubernetes` answers from. SERVFAIL and silence are other matters."""
    asked, service = resolver.name, seen.service
    if not resolver.cluster or service is None or asked.rcode not in ("NOERROR", "NXDOMAIN"):
        return
    if asked.lost or asked.truncated or _fresh(service, seen) or resolver.control is not None:
        return
    foreseen = _foreseen(asked.name, domain_of(caller.conf), service, seen)
    if foreseen is None or _alike(asked, foreseen):
        return
    expected = _expected(foreseen)
    yield Finding(
        code="dns.predicted-differs",
        title=f"cluster DNS answers {proof.said(asked)} for {asked.name}, and its objects say {expected}",
        detail="CoreDNS does not see these objects as they are: its watch is broken, or it may not read them",
        object=service.ref,
        hops=(caller.hop,),
        severity="error",
        evidence=(proof.of(asked, expected, caller, seen), _object(service, expected, seen)),
        mitigation=_restart(seen),
    )


def _restart(seen: Seen) -> Mitigation | None:
    """CoreDNS reads all objects anew when it starts."""
    about = seen.dns_owner
    if about is None:
        return None
    words = ("rollout", "restart", f"{about.kind.lower()}/{about.name}")
    command = seen.subject.kubectl(*words, namespace=about.namespace)
    return Mitigation(summary="let CoreDNS start again, so that it reads its objects anew", commands=(command,))


def _foreseen(name: str, domain: str, service: kube.Service, seen: Seen) -> Any:
    """The predicted answer; None where it is not certain. Without a Corefile (managed DNS) Services with an address
    alone are: of these the specification says all."""
    text = seen.corefile
    headless = not service.cluster_addresses
    if not seen.slices.complete or (text is None and headless) or service.spec.type == "ExternalName":
        return None
    try:
        parsed = corefile.parse(text if text is not None else MANAGED.format(domain=domain))
        server = corefile.Server.build(
            parsed,
            [service],
            seen.slices.items,
            None,
            [seen.namespace] if seen.namespace is not None else None,
            scope=frozenset((service.namespace,)),
        )
    except ValueError:
        return None
    served = server.answer(name, "A")
    sure = not (served.answer.error or served.answer.falls_through or served.forward or served.doubts)
    return served.answer if sure and not served.answer.continues else None


def _alike(asked: Asked, foreseen: Any) -> bool:
    """Endpoints come and go: of several addresses one in common is enough."""
    right = {one.partition(" ")[2] for one in foreseen.answers if one.startswith("A ")}
    if asked.rcode != foreseen.rcode:
        return False
    return bool(right & asked.addresses) if right else not asked.addresses


def _fresh(service: kube.Service, seen: Seen) -> bool:
    times = [service.metadata.creation_timestamp]
    times += [_time(one.metadata.annotations.get(TRIGGER, "")) for one in seen.slices.items]
    times += [one.metadata.creation_timestamp for one in seen.slices.items]
    return any(one is not None and seen.subject.now - one < FRESH for one in times)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _object(service: kube.Service, expected: str, seen: Seen) -> Evidence:
    words = ("get", "service,endpointslices", "-l", f"kubernetes.io/service-name={service.name}")
    return Evidence(
        object=service.ref,
        field="spec.clusterIP" if service.cluster_addresses else "endpoints",
        observed=", ".join(service.cluster_addresses) or "none",
        expected=expected,
        command=seen.subject.kubectl(*words, namespace=service.namespace),
    )


# Against the search list


def _hijack(asked: Asked, caller: Caller, seen: Seen) -> Iterable[Finding]:
    """The full name has addresses, and libc stopped before it, at a search domain that knows the name too.

    An answer without addresses stops musl alone (kubernetes/dns#119): it counts where nothing was found.
    """
    lookup = caller.lookup
    if not asked.addresses or lookup is None:
        return
    others = [one for one in caller.steps if one["rcode"] == "NOERROR" and one["name"].lower() != asked.name]
    wrong = next((one for one in others if one["addresses"] or not lookup.addresses), None)
    if wrong is None:
        return
    domain = wrong["name"][len(lookup.name.rstrip(".")) + 1 :]
    answer = ", ".join(wrong["addresses"][:3]) or "no address, and yet that the name exists"
    yield Finding(
        code="dns.search-hijack",
        title=f"the search domain {domain} answers for {lookup.name}: {answer}",
        detail=f"the search list is tried first, and the name itself, {asked.name}, is never asked",
        object=caller.owner,
        hops=(caller.hop,),
        severity="error",
        evidence=(
            Evidence(
                kind="dns",
                object=caller.pod.ref,
                vantage=caller.vantage,
                field=wrong["name"],
                observed=f"NOERROR {', '.join(wrong['addresses'][:3]) or 'without an address'}",
                expected="NXDOMAIN",
                command=proof.of(msgspec.structs.replace(asked, name=wrong["name"]), "", caller, seen).command,
            ),
            proof.of(asked, "the addresses that libc should have come to", caller, seen),
        ),
        fix=Fix(summary=f"ask for {asked.name} with the dot at its end, or take {domain} off the search list"),
    )
