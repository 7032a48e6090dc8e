"""Judges how the container's own libc resolved the name, and its resolv.conf against the cluster. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, ObjectRef, corefile, dns
from netdoc_checks.caches import NODE_LOCAL
from netdoc_checks.connect import proof
from netdoc_checks.connect.seen import Asked, Caller, Conf, Lookup, Seen

CODES = {
    "not-found": "dns.nxdomain",
    "no-address": "dns.no-address",
    "no-answer": "dns.timeout",
    "failed": "dns.servfail",
}
"""By what getaddrinfo says (RFC 3493), which has one word (EAI_AGAIN) for silence, SERVFAIL and REFUSED."""
RCODES = {"NXDOMAIN": "dns.nxdomain", "SERVFAIL": "dns.servfail", "REFUSED": "dns.refused"}
WORDS = {
    "dns.nxdomain": "does not exist",
    "dns.no-address": "has no address",
    "dns.timeout": "gets no answer",
    "dns.servfail": "cannot be resolved",
    "dns.refused": "is refused",
}


def judge_lookup(caller: Caller, seen: Seen) -> Iterable[Finding]:
    lookup = caller.lookup
    if lookup is None or not lookup.tries:
        return
    if lookup.failed:
        yield _failed(caller, lookup, seen)
        yield from _resolver(caller, caller.conf, seen)
        return
    yield from _elsewhere(caller, lookup, seen)


def _failed(caller: Caller, lookup: Lookup, seen: Seen) -> Finding:
    """What the name server itself said tells more than libc, where it was asked."""
    told = lookup.failed[0]["failure"]
    resolver = caller.resolver
    asked = resolver.name if resolver is not None and resolver.name.gap is None else None
    code = _code(str(told["kind"]), asked)
    of, failed = len(lookup.tries), len(lookup.failed)
    often = "" if failed == of else f" in {failed} of {of} tries"
    observed = str(told.get("detail", "")) or WORDS[code]
    evidence = [proof.of_lookup(lookup, f"an address for {lookup.name}", caller, seen, observed)]
    if asked is not None:
        evidence.append(proof.of(asked, "an answer with addresses", caller, seen))
    six = resolver.six if resolver is not None else None
    if six is not None and (six.silent or six.rcode == "SERVFAIL"):
        evidence.append(proof.of(six, "an answer", caller, seen))
    return Finding(
        code=code,
        title=f"{lookup.name} {WORDS[code]}{_rcode(asked)}{often}, asked from {caller.who}",
        detail=_detail(code, caller, asked) or observed,
        object=caller.owner,
        hops=(caller.hop,),
        severity="error",
        evidence=tuple(evidence),
    )


def _rcode(asked: Asked | None) -> str:
    """SERVFAIL where a server said it; libc has the same word for what it does not tell."""
    return ": SERVFAIL" if asked is not None and asked.rcode == "SERVFAIL" else ""


def _code(kind: str, asked: Asked | None) -> str:
    """An answer tells NXDOMAIN, SERVFAIL and REFUSED apart. One with addresses leaves libc its own words."""
    usual = CODES.get(kind, "dns.servfail")
    if asked is None or asked.addresses:
        return usual
    if asked.silent:
        return "dns.timeout"
    if asked.rcode == "NOERROR":
        return "dns.no-address"
    return RCODES.get(asked.rcode, usual)


def _detail(code: str, caller: Caller, asked: Asked | None) -> str:
    """Who did not answer, and how; or that the full name resolves and the one that was typed does not."""
    if asked is None:
        return ""
    if asked.addresses:
        told = f"{asked.server} says {proof.said(asked)} for {asked.name}"
        resolver = caller.resolver
        if (
            resolver is not None
            and resolver.six is not None
            and (resolver.six.silent or resolver.six.rcode == "SERVFAIL")
        ):
            return f"{told}, and {proof.said(resolver.six)} for its AAAA, which libc asks for too"
        return f"{told}: the search list does not lead there" if code in ("dns.nxdomain", "dns.no-address") else told
    if not asked.silent:
        return f"{asked.server} says {proof.said(asked)} for {asked.name}"
    servers = [f"{one.address} ({proof.why(one.name)})" for one in caller.resolvers if one.name.silent]
    resolver = caller.resolver
    tcp = resolver.tcp if resolver is not None else None
    over = "; over TCP it does" if tcp is not None and tcp.answers else ", nor over TCP" if tcp is not None else ""
    return f"no answer over UDP from {', '.join(servers)}{over}" if servers else ""


def _elsewhere(caller: Caller, lookup: Lookup, seen: Seen) -> Iterable[Finding]:
    """The answer against the Service that was meant: its addresses, an alias' end, or a headless one's endpoints."""
    hops = seen.subject.path.hops
    object_ = seen.subject.path.object
    if object_ is None or object_.kind != "Service":
        return
    own = {address for hop in hops if hop.kind == "service" and hop.object == object_ for address in hop.addresses}
    led = {address for hop in hops if hop.kind == "service" for address in hop.addresses}
    right = own or led or {address for hop in hops if hop.kind == "endpoint" for address in hop.addresses}
    wrong = sorted(lookup.addresses - right)
    if right and wrong and not right & lookup.addresses:
        yield Finding(
            code="dns.wrong-address",
            title=f"{lookup.name} resolves to {wrong[0]}, and svc/{object_.name} is {sorted(right)[0]}",
            object=object_,
            hops=(caller.hop,),
            evidence=(proof.of_lookup(lookup, sorted(right)[0], caller, seen, ", ".join(wrong[:4])),),
        )


def _resolver(caller: Caller, conf: Conf, seen: Seen) -> Iterable[Finding]:
    """What resolv.conf in the container says against the cluster: the kubelet's address and domain."""
    if dns.policy_of(caller.pod) != "ClusterFirst" or seen.dns is None:
        return
    servers, own = conf.get("nameservers", []), seen.dns.cluster_addresses
    if servers and own and not {*own, *NODE_LOCAL} & set(servers):
        yield _unlike(
            caller,
            "dns.server-missing",
            seen.dns.ref,
            f"pods ask {servers[0]}, and the DNS Service is {own[0]}",
            f"nameserver {servers[0]}",
            f"nameserver {own[0]}",
            seen,
        )
    if caller.resolver is None or caller.resolver.control is None:  # a name of the cluster
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
