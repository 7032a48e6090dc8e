"""Asks the nameservers of a pod's resolv.conf, one question at a time, from the pod: raw DNS beside what libc says.

First briefly each server; then the one that counts over UDP, TCP and with EDNS. Only where something is wrong with
that, more: pairs of questions, each DNS pod by itself, the steps of the search list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from netdoc.api import Gap, Measurement, ObjectRef, Subject, Vantage, corefile
from netdoc_checks.connect.seen import Asked, Conf, Lookup, Pair, Resolver

DOMAIN = "cluster.local"
MOST_SERVERS = 3  # glibc and musl read no more (resolv.conf(5), MAXNS)
BRIEF, MANY, AGAIN = 2, 6, 12  # repetitions
PATIENCE, QUICK, FORWARDED = 1.5, 1.0, 6.0  # seconds; CoreDNS tries its upstreams for five (plugin/forward)
LARGE = 4096  # octets that EDNS offers: more than a packet carries
PAIRS = 16
PAIR_PATIENCE = 0.5  # seconds; cluster DNS answers its own names in a millisecond
STALL = 4800.0  # ms; glibc and musl ask again after five seconds (resolv.conf(5), RES_TIMEOUT)


class Names(msgspec.Struct, frozen=True):
    """What is asked for. `control` is a name of the cluster where `full` is none, `upstream` a name and type that only
    the upstreams of `full` can answer."""

    typed: str
    full: str
    domain: str
    control: str = ""
    upstream: tuple[str, str] = (".", "NS")


def names_of(subject: Subject, typed: str, conf: Conf, text: str | None) -> Names:
    """The full name: a Service's own, else the name as typed without a search list. `text` is the Corefile."""
    domain = domain_of(conf)
    object_, typed = subject.path.object, typed.lower()
    if object_ is not None and object_.kind == "Service" and typed.partition(".")[0] == object_.name:
        return Names(typed, full_name(object_, domain), domain)
    host = typed.rstrip(".")
    return Names(typed, f"{host}.", domain, f"kubernetes.default.svc.{domain}.", _upstream(host, text))


def full_name(service: ObjectRef, domain: str) -> str:
    return f"{service.name}.{service.namespace}.svc.{domain}."


def served_domain(text: str | None) -> str:
    """The cluster's domain, as the Corefile serves it."""
    try:
        blocks = corefile.parse(text).blocks if text is not None else ()
    except ValueError:
        blocks = ()
    zones = (zone.rstrip(".") for block in blocks for zone in corefile.kubernetes_zones(block))
    return next((zone for zone in zones if zone and not zone.endswith(".arpa")), DOMAIN)


async def conf_of(vantage: Vantage) -> Conf | Gap:
    """The container's resolv.conf: libc's sequence for no name at all, which sends nothing."""
    result = await vantage.measure(Measurement(kind="libc", parameters={"name": ""}))
    return result if isinstance(result, Gap) else dict(result["conf"])


def domain_of(conf: Conf) -> str:
    """The cluster's domain, as the search list has it."""
    return next((one.partition(".svc.")[2] for one in conf.get("search", ()) if ".svc." in one), DOMAIN)


def _upstream(host: str, text: str | None) -> tuple[str, str]:
    """What every server of the host's upstreams knows: the root's servers, which CoreDNS's own health checks ask for
    (plugin/forward), or of a stub zone its SOA."""
    block, forward = forwarded(host, text)
    zone = block if forward is None or forward.zone == "." else forward.zone
    return (".", "NS") if zone == "." else (zone, "SOA")


def forwarded(host: str, text: str | None) -> tuple[str, corefile.Forward | None]:
    """The zone of the server block that takes a host, and where it passes it on; the root and None where none tells."""
    try:
        block = corefile.block_for(corefile.parse(text), host) if text is not None else None
        forward = corefile.forward_for(block, host) if block is not None else None
    except ValueError:
        return ".", None
    return (block.zones[0] if block is not None else "."), forward


async def ask(
    vantage: Vantage,
    server: str,
    name: str,
    type_: str = "A",
    *,
    transport: str = "udp",
    edns: int = 0,
    repeat: int = BRIEF,
    seconds: float = PATIENCE,
    port: int = 53,
) -> Asked:
    given = {"server": server, "name": name, "type": type_, "transport": transport, "repeat": repeat}
    given |= {"timeout": seconds} | ({"edns": edns} if edns else {}) | ({"port": port} if port != 53 else {})
    result = await vantage.measure(Measurement(kind="dns", parameters=given))
    asked = Asked(name=name, server=server, type=type_, transport=transport, edns=edns)
    if isinstance(result, Gap):
        return msgspec.structs.replace(asked, gap=result)
    return msgspec.structs.replace(asked, rounds=tuple(result["rounds"]))


async def resolvers_of(
    vantage: Vantage, conf: Conf, names: Names, cluster: Iterable[str], repeat: int
) -> tuple[Resolver, ...]:
    """Every nameserver, briefly; the first that answers more closely."""
    own = set(cluster)
    servers = conf.get("nameservers", [])[:MOST_SERVERS]
    found = list(await asyncio.gather(*(_briefly(vantage, one, names, one in own) for one in servers)))
    if not found or found[0].name.gap is not None:
        return tuple(found)
    at = next((place for place, one in enumerate(found) if one.answers), 0)
    found[at] = await (_closer if found[at].name.answers else _silent)(vantage, found[at], names, repeat)
    return tuple(found)


async def _briefly(vantage: Vantage, server: str, names: Names, cluster: bool) -> Resolver:
    wanted = [ask(vantage, server, one) for one in (names.full, names.control) if one]
    told = await asyncio.gather(*wanted)
    return Resolver(address=server, name=told[0], cluster=cluster, control=told[1] if names.control else None)


async def _closer(vantage: Vantage, one: Resolver, names: Names, repeat: int) -> Resolver:
    """A server that answers: more often, over TCP, with EDNS. Where one packet got lost it is asked often."""
    many, tcp, large = await asyncio.gather(
        ask(vantage, one.address, names.full, repeat=max(MANY, repeat), seconds=QUICK),
        ask(vantage, one.address, names.full, transport="tcp", seconds=2.0),
        ask(vantage, one.address, names.full, edns=LARGE),
    )
    asked = one.name.joined(many)
    if len(asked.lost) == 1:
        asked = asked.joined(await ask(vantage, one.address, names.full, repeat=AGAIN, seconds=QUICK))
    return msgspec.structs.replace(
        one, name=asked, tcp=tcp, edns=large, upstream=await _of_upstreams(vantage, one, names, asked)
    )


async def _silent(vantage: Vantage, one: Resolver, names: Names, repeat: int) -> Resolver:
    """No answer for the name: with patience where the server answers others, else over TCP."""
    if not one.answers:
        tcp = await ask(vantage, one.address, names.full, transport="tcp")
        return msgspec.structs.replace(one, tcp=tcp)
    patient = await ask(vantage, one.address, names.full, seconds=FORWARDED)
    asked = patient if patient.answers else one.name.joined(patient)  # a long recursion is no loss
    return msgspec.structs.replace(one, name=asked, upstream=await _of_upstreams(vantage, one, names, asked))


async def _of_upstreams(vantage: Vantage, one: Resolver, names: Names, asked: Asked) -> Asked | None:
    if not names.control or asked.rcode in ("NOERROR", "NXDOMAIN", "REFUSED"):
        return None
    return await ask(vantage, one.address, *names.upstream, seconds=FORWARDED)


def suspicious(lookup: Lookup, resolver: Resolver) -> bool:
    """Whether packets are lost, or the server is silent or slow, so that its parts are worth asking."""
    slow = sum(1 for one in resolver.name.times if one >= QUICK * 1000)
    return bool(resolver.name.lost) or slow > 1 or stalling(lookup, resolver)


def stalling(lookup: Lookup, resolver: Resolver) -> bool:
    """libc waited, or found nothing in time, and single questions are answered: it asks for A and AAAA together."""
    late = any(float(one.get("ms", 0.0)) >= STALL for one in lookup.tries)
    missed = any(one["failure"]["kind"] in ("no-answer", "failed") for one in lookup.failed)
    answered = bool(resolver.name.addresses) and not resolver.name.lost
    cut = resolver.name.truncated and resolver.tcp is not None and resolver.tcp.silent  # that says it all
    return (late or missed) and answered and not cut


async def pair_of(vantage: Vantage, server: str, domain: str) -> Pair | None:
    """Names that do not exist, each asked for A and AAAA: libc goes on to the next, so that one measurement has many.

    It ends with a name that gets no answer at all. None where it cannot be measured.
    """
    names = [f"netdoc-{at}.default.svc.{domain}." for at in range(PAIRS)]
    given: dict[str, Any] = {"names": names, "nameservers": [server], "timeout": PAIR_PATIENCE, "attempts": 2}
    given["libc"] = "glibc"  # whose sequence knows both ways
    together, apart = await asyncio.gather(
        *(vantage.measure(Measurement(kind="libc", parameters={**given, "parallel": one})) for one in (True, False))
    )
    if isinstance(together, Gap) or isinstance(apart, Gap):
        return None
    return Pair(len(together["steps"]), _lost(together), len(apart["steps"]), _lost(apart))


def _lost(result: dict[str, Any]) -> int:
    return sum(1 for step in result["steps"] for one in step["tries"] if not one["ok"])


async def steps_of(vantage: Vantage, lookup: Lookup) -> tuple[dict[str, Any], ...]:
    """The names that libc asks in turn with the container's own resolv.conf, and what each came to."""
    given = {"name": lookup.name, "timeout": PATIENCE, "attempts": 1}
    result = await vantage.measure(Measurement(kind="libc", parameters=given))
    return tuple(result["steps"]) if isinstance(result, dict) else ()
