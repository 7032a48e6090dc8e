"""What is wrong with a Corefile: facts with their lines, for a check to make findings of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from ipaddress import ip_address

import msgspec

from netdoc.predict.corefile.directives import may_answer, position
from netdoc.predict.corefile.facts import (
    RESOLV_CONF,
    Forward,
    Upstream,
    block_for,
    dns_port,
    forward_for,
    forwards,
    kubernetes_options,
    kubernetes_zones,
    serving,
)
from netdoc.predict.corefile.model import Corefile, Plugin, ServerBlock
from netdoc.predict.corefile.validity import refusals
from netdoc.predict.dns import names
from netdoc.predict.dns.resolver import ResolvConf

OUTSIDE = "netdoc.invalid"  # stands for any name outside the cluster (RFC 2606)


class Flaw(StrEnum):
    INVALID = "invalid"  # CoreDNS refuses the file: it does not start, or keeps what it ran with
    UNKNOWN_PLUGIN = "unknown-plugin"  # refused by the ordinary build, known to others
    UNREAD = "unread"  # a file or a variable that was not read: there may be more than is seen
    NO_KUBERNETES = "no-kubernetes"
    OTHER_DOMAIN = "other-domain"
    NO_REVERSE = "no-reverse"
    REVERSE_FIRST = "reverse-first"
    LOOP = "loop"
    MIXED_UPSTREAMS = "mixed-upstreams"
    NO_FORWARD = "no-forward"
    HOSTS_WITHOUT_FALLTHROUGH = "hosts-without-fallthrough"
    FALLTHROUGH_TO_NOTHING = "fallthrough-to-nothing"
    AUTOPATH_WITHOUT_PODS = "autopath-without-pods"
    TLS_WITHOUT_NAME = "tls-without-name"
    STUB_WITHOUT_CACHE = "stub-without-cache"
    WITHOUT_ERRORS = "without-errors"
    WITHOUT_CACHE = "without-cache"
    WITHOUT_PROBES = "without-probes"


# Flaws that something is missing: not to be said while a file that could hold it was not read
_ABSENCES = frozenset(
    (
        *(Flaw.NO_KUBERNETES, Flaw.OTHER_DOMAIN, Flaw.NO_REVERSE, Flaw.NO_FORWARD, Flaw.HOSTS_WITHOUT_FALLTHROUGH),
        *(Flaw.FALLTHROUGH_TO_NOTHING, Flaw.STUB_WITHOUT_CACHE, Flaw.WITHOUT_ERRORS, Flaw.WITHOUT_CACHE),
        *(Flaw.WITHOUT_PROBES, Flaw.TLS_WITHOUT_NAME),
    )
)


# Plugins that answer some names alone: `forward` is asked about by its zone
_OF_SOME_NAMES = frozenset(("kubernetes", "hosts", "template", "k8s_external", "forward"))


class Judged(msgspec.Struct, frozen=True):
    """One fact. `zone` is the block's or the upstreams' zone, where it is about one; line 0 is the whole file."""

    flaw: Flaw
    message: str
    line: int = 0
    zone: str = ""


class Surroundings(msgspec.Struct, frozen=True):
    """What the Corefile is judged against, as far as it is known.

    `own` are the addresses that lead back to CoreDNS: those of its Service and of its pods. `resolv` is the
    /etc/resolv.conf in CoreDNS's container (with dnsPolicy Default the node's), None where it was not read.
    """

    domain: str = ""
    own: tuple[str, ...] = ()
    resolv: ResolvConf | None = None


def judge(corefile: Corefile, around: Surroundings | None = None) -> tuple[Judged, ...]:
    """All flaws, in the order of the file's lines."""
    known = around or Surroundings()
    found = [Judged(Flaw(flaw), message, line) for flaw, message, line in refusals(corefile)]
    found += (Judged(Flaw.UNREAD, f"{one.kind} {one.name} was not read", one.line) for one in corefile.unread)
    found += _of_domain(corefile, known)
    found += _outside(corefile)
    for block in corefile.blocks:
        found += _of_block(block, known)
        for forward in forwards(block):
            found += _of_forward(forward, block, known)
    found += _without_probes(corefile)
    if any(one.kind == "file" for one in corefile.unread):
        found = [one for one in found if one.flaw not in _ABSENCES]
    return tuple(sorted(found, key=lambda one: one.line))


def _of_domain(corefile: Corefile, around: Surroundings) -> Iterator[Judged]:
    served = [zone for block in serving(corefile) for zone in kubernetes_zones(block)]
    if not served:
        yield Judged(Flaw.NO_KUBERNETES, "no server block has the plugin kubernetes: no Service has a name")
        return
    if around.domain:
        yield from _of_expected_domain(corefile, around.domain, served)
    if not any(zone.endswith(("in-addr.arpa.", "ip6.arpa.")) for zone in served):
        yield Judged(Flaw.NO_REVERSE, "kubernetes serves no reverse zone: addresses of Services have no names")


def _of_expected_domain(corefile: Corefile, domain: str, served: list[str]) -> Iterator[Judged]:
    zone = names.text_of(names.parse(domain))
    forward_zones = [one for one in served if not one.endswith(".arpa.")]
    block = block_for(corefile, zone)
    if block is None or not any(names.within(names.parse(zone), names.parse(one)) for one in kubernetes_zones(block)):
        said = f"kubernetes serves {' '.join(forward_zones) or 'no domain'}, and pods ask for names in {zone}"
        yield Judged(Flaw.OTHER_DOMAIN, said, block.line if block else 0, zone)


def _outside(corefile: Corefile) -> Iterator[Judged]:
    """Whether names outside the cluster have anywhere to go."""
    block = block_for(corefile, OUTSIDE)
    if block is None:
        yield Judged(Flaw.NO_FORWARD, "no server block takes names outside the cluster: they are REFUSED", zone=".")
        return
    others = [one.name for one in block.plugins if may_answer(one.name) and one.name not in _OF_SOME_NAMES]
    if forward_for(block, OUTSIDE) is None and not others:
        said = "nothing forwards names outside the cluster: they are SERVFAIL"
        yield Judged(Flaw.NO_FORWARD, said, block.line, ".")


def _of_block(block: ServerBlock, around: Surroundings) -> Iterator[Judged]:
    zone = block.zones[0] if block.zones else ""
    for name, flaw in (("errors", Flaw.WITHOUT_ERRORS), ("cache", Flaw.WITHOUT_CACHE)):
        if block.first(name) is None and block.first("kubernetes"):
            yield Judged(flaw, f"the block that serves the cluster lacks the plugin {name}", block.line, zone)
    if forwards(block) and not block.first("kubernetes") and not block.first("cache"):
        yield Judged(Flaw.STUB_WITHOUT_CACHE, "every query goes to the upstream: no cache", block.line, zone)
    yield from _of_hosts(block, zone)
    yield from _of_kubernetes(block, zone)


def _of_hosts(block: ServerBlock, zone: str) -> Iterator[Judged]:
    for hosts in block.all("hosts"):
        if len(hosts.args) < 2 and _behind(block, "hosts") and not hosts.has("fallthrough"):
            said = "hosts does not fall through: names that it does not list are SERVFAIL"
            yield Judged(Flaw.HOSTS_WITHOUT_FALLTHROUGH, said, hosts.line, zone)


def _of_kubernetes(block: ServerBlock, zone: str) -> Iterator[Judged]:
    plugin, options = block.first("kubernetes"), kubernetes_options(block)
    if plugin is None or options is None:
        return
    if options.zones and options.zones[0] in ("in-addr.arpa.", "ip6.arpa."):
        said = f"{options.zones[0]} stands first: addresses of Services have names below it, which do not resolve"
        yield Judged(Flaw.REVERSE_FIRST, said, plugin.line, zone)
    if options.fallthrough and not _behind(block, "kubernetes"):
        said = "`fallthrough` leads nowhere: what kubernetes does not know is SERVFAIL in place of NXDOMAIN"
        yield Judged(Flaw.FALLTHROUGH_TO_NOTHING, said, plugin.line, zone)
    autopath = next((one for one in block.all("autopath") if "@kubernetes" in one.args), None)
    if autopath and options.pods != "verified":
        said = f"autopath needs `pods verified`, and kubernetes has `pods {options.pods}`"
        yield Judged(Flaw.AUTOPATH_WITHOUT_PODS, said, autopath.line, zone)


def _behind(block: ServerBlock, name: str) -> list[Plugin]:
    """The plugins that answer names and that a query reaches after this one."""
    return [one for one in block.plugins if may_answer(one.name) and position(one.name) > position(name)]


def _of_forward(forward: Forward, block: ServerBlock, around: Surroundings) -> Iterator[Judged]:
    zone = forward.zone if forward.zone != "." else block.zones[0] if block.zones else "."
    for upstream in _resolved(forward.upstreams, around.resolv):
        reason = _leads_back(upstream, block, around)
        if reason:
            yield Judged(Flaw.LOOP, reason, forward.line, zone)
    mixture = _mixture(forward, around.resolv)
    if mixture:
        yield Judged(Flaw.MIXED_UPSTREAMS, mixture, forward.line, zone)
    secured = [one for one in forward.upstreams if one.transport in ("tls", "quic") and not one.server_name]
    if secured and not forward.tls_servername:
        said = f"{secured[0].address} is asked over TLS, and no tls_servername says whose certificate is right"
        yield Judged(Flaw.TLS_WITHOUT_NAME, said, forward.line, zone)


def _resolved(upstreams: Iterable[Upstream], resolv: ResolvConf | None) -> Iterator[Upstream]:
    """Upstreams with the file /etc/resolv.conf replaced by its nameservers, where it was read."""
    for one in upstreams:
        if one.file == RESOLV_CONF and resolv is not None:
            yield from (Upstream(address, file=one.file) for address in resolv.nameservers)
        else:
            yield one


def _leads_back(upstream: Upstream, block: ServerBlock, around: Surroundings) -> str:
    """Why an upstream is CoreDNS itself; "" where it is not, or may be anyone."""
    address = names.canonical(upstream.address)
    if not address or upstream.transport != "dns":
        return ""
    said = f"{upstream.file} names {address}" if upstream.file else f"forward names {address}"
    if address in around.own and upstream.port in ("53", *(one.port for one in block.origins)):
        return f"{said}, which is cluster DNS itself"
    ports = {one.port for one in block.origins if one.transport == "dns"}
    if ip_address(address).is_loopback and upstream.port in ports and not block.first("bind"):
        return f"{said}, which inside the pod is CoreDNS itself"
    return ""


def _mixture(forward: Forward, resolv: ResolvConf | None) -> str:
    """Upstreams of one zone that know different names: private beside public addresses, or a file beside addresses.

    With any policy CoreDNS takes the first answer that comes, NXDOMAIN too: the others are not asked.
    """
    resolved = list(_resolved(forward.upstreams, resolv))
    private = [one.address for one in resolved if one.address and not _public(one.address)]
    public = [one.address for one in resolved if one.address and _public(one.address)]
    files = [one.file for one in resolved if not one.address]
    if private and public:
        return f"{private[0]} is private and {public[0]} public: whichever is asked decides ({forward.policy})"
    if files and (private or public):
        return f"{files[0]} stands beside {(private + public)[0]}: whichever is asked decides ({forward.policy})"
    return ""


def _public(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_global


def _without_probes(corefile: Corefile) -> Iterator[Judged]:
    present = {one.name for block in corefile.blocks for one in block.plugins}
    for name in ("ready", "health"):
        if name not in present and serving(corefile, dns_port(corefile)):
            yield Judged(Flaw.WITHOUT_PROBES, f"no block has the plugin {name}, which Kubernetes' probes ask")
