"""Judges how the container's own libc resolved the name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdoc.api import Evidence, Finding, ObjectRef, corefile, dns
from netdoc_checks.connect.seen import Caller, Lookup, Seen

CODES = {
    "not-found": ("dns.nxdomain", "does not exist"),
    "no-address": ("dns.no-address", "has no address"),
    "no-answer": ("dns.timeout", "gets no answer"),
    "failed": ("dns.servfail", "cannot be resolved"),
}
STALL = 4800.0  # ms; glibc and musl ask again after five seconds (resolv.conf(5), RES_TIMEOUT)
NODE_LOCAL_ADDRESS = "169.254.20.10"


def judge_lookup(caller: Caller, seen: Seen) -> Iterable[Finding]:
    lookup = caller.lookup
    if lookup is None or not isinstance(lookup.result, dict):
        return
    tries: list[dict[str, Any]] = lookup.result["tries"]
    failed = [one for one in tries if not one["ok"]]
    if failed:
        yield _failed(caller, lookup, failed, len(tries), seen)
        yield from _resolver(caller, lookup.result.get("conf", {}), seen)
        return
    yield from _stalls(caller, lookup, tries, seen)
    yield from _elsewhere(caller, lookup, tries, seen)


def _failed(caller: Caller, lookup: Lookup, failed: list[dict[str, Any]], of: int, seen: Seen) -> Finding:
    code, words = CODES.get(failed[0]["failure"]["kind"], CODES["failed"])
    who = f"{caller.owner.kind.lower()}/{caller.owner.name}"
    often = "" if len(failed) == of else f" in {len(failed)} of {of} tries"
    return Finding(
        code=code,
        title=f"{lookup.name} {words}{often}, asked from {who}",
        detail=failed[0]["failure"].get("detail", ""),
        object=caller.owner,
        hops=(caller.hop,),
        severity="error",
        evidence=(_evidence(caller, lookup, failed[0]["failure"].get("detail", "") or words, seen, of, len(failed)),),
    )


def _evidence(caller: Caller, lookup: Lookup, observed: str, seen: Seen, of: int, failed: int) -> Evidence:
    pod = caller.pod
    words = ("exec", pod.name, "-c", pod.spec.containers[0].name, "--", "getent", "hosts", lookup.name)
    return Evidence(
        kind="dns",
        object=pod.ref,
        vantage=caller.vantage,
        observed=observed,
        expected=f"an address for {lookup.name}",
        attempts=of,
        failures=failed,
        command=seen.subject.kubectl(*words, namespace=pod.namespace),
    )


def _stalls(caller: Caller, lookup: Lookup, tries: list[dict[str, Any]], seen: Seen) -> Iterable[Finding]:
    """Answers that come after a whole turn of the resolver's timer: one of two questions was lost."""
    late = [one for one in tries if one.get("ms", 0.0) >= STALL]
    if late:
        worst = max(float(one["ms"]) for one in late)
        yield Finding(
            code="dns.five-second-stalls",
            title=f"{lookup.name} resolves after {worst / 1000:.1f} s in {len(late)} of {len(tries)} tries",
            object=caller.owner,
            hops=(caller.hop,),
            evidence=(_evidence(caller, lookup, f"{worst:.0f} ms", seen, len(tries), len(late)),),
        )


def _elsewhere(caller: Caller, lookup: Lookup, tries: list[dict[str, Any]], seen: Seen) -> Iterable[Finding]:
    """The answer against the Service that was meant: its addresses, or a headless one's endpoints."""
    hops = seen.subject.path.hops
    object_ = seen.subject.path.object
    if object_ is None or object_.kind != "Service":
        return
    own = {address for hop in hops if hop.kind == "service" and hop.object == object_ for address in hop.addresses}
    right = own or {address for hop in hops if hop.kind == "endpoint" for address in hop.addresses}
    answered = [address for one in tries for address in one.get("addresses", ())]
    wrong = [one for one in dict.fromkeys(answered) if one not in right]
    if right and answered and not right & set(answered):
        yield Finding(
            code="dns.wrong-address",
            title=f"{lookup.name} resolves to {wrong[0]}, and svc/{object_.name} is {sorted(right)[0]}",
            object=object_,
            hops=(caller.hop,),
            evidence=(_evidence(caller, lookup, ", ".join(wrong[:4]), seen, len(tries), len(tries)),),
        )


def _resolver(caller: Caller, conf: dict[str, list[str]], seen: Seen) -> Iterable[Finding]:
    """What resolv.conf in the container says against the cluster: the kubelet's address and domain."""
    if dns.policy_of(caller.pod) != "ClusterFirst" or seen.dns is None:
        return
    servers = conf.get("nameservers", [])
    right = {*seen.dns.cluster_addresses, NODE_LOCAL_ADDRESS}
    if servers and not right & set(servers):
        yield _unlike(
            caller,
            "dns.server-missing",
            seen.dns.ref,
            f"pods ask {servers[0]}, and the DNS Service is {seen.dns.cluster_addresses[0]}",
            f"nameserver {servers[0]}",
            f"nameserver {seen.dns.cluster_addresses[0]}",
            seen,
        )
    yield from _domain(caller, conf.get("search", []), seen)


def _domain(caller: Caller, search: list[str], seen: Seen) -> Iterable[Finding]:
    """The domain that the kubelet had the pod search, against the zones that the Corefile serves."""
    domains = [one.partition(".svc.")[2] for one in search if ".svc." in one]
    text = seen.config.data.get("Corefile") if seen.config is not None else None
    if not domains or text is None or seen.dns is None:
        return
    try:
        flaws = corefile.judge(corefile.parse(text), corefile.Surroundings(domain=domains[0]))
    except corefile.CorefileError:
        return
    for flaw in flaws:
        if flaw.flaw == corefile.Flaw.OTHER_DOMAIN:
            said = f"Corefile: {flaw.message}"
            observed = f"search {' '.join(search)}"
            yield _unlike(caller, "dns.server-config", seen.dns.ref, said, observed, "the domain that is served", seen)


def _unlike(
    caller: Caller, code: str, object_: ObjectRef, title: str, observed: str, expected: str, seen: Seen
) -> Finding:
    pod = caller.pod
    words = ("exec", pod.name, "-c", pod.spec.containers[0].name, "--", "cat", "/etc/resolv.conf")
    return Finding(
        code=code,
        title=title,
        object=object_,
        hops=(caller.hop,),
        severity="error",
        evidence=(
            Evidence(
                kind="dns",
                object=pod.ref,
                vantage=caller.vantage,
                field="/etc/resolv.conf",
                observed=observed,
                expected=expected,
                command=seen.subject.kubectl(*words, namespace=pod.namespace),
            ),
        ),
    )
