"""What cluster DNS answers: the Kubernetes DNS specification 1.1.0 as CoreDNS's `kubernetes` plugin does it.

Followed is CoreDNS 1.15 (plugin/kubernetes and plugin/backend_lookup.go), where it goes beyond the specification too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import ClassVar

import msgspec

from netdoc.model.kube import EndpointSlice, Namespace, Pod, Service
from netdoc.predict.dns import names
from netdoc.predict.dns.names import Labels
from netdoc.predict.dns.objects import NO_PORT, Objects, Unknown
from netdoc.predict.dns.options import Options
from netdoc.predict.dns.plugin import Lookup, Target
from netdoc.predict.dns.question import NoSuchName, read

DNS_VERSION = "1.1.0"
MAX_CHAIN = 10  # CNAMEs already in the answer, beyond which CoreDNS adds no other
_TYPE = re.compile(
    r"TYPE\d{1,5}|"  # RFC 3597
    r"A|AAAA|AFSDB|ANY|APL|AXFR|CAA|CDNSKEY|CDS|CERT|CNAME|CSYNC|DHCID|DLV|DNAME|DNSKEY|DS|HINFO|HIP|HTTPS|"
    r"IPSECKEY|IXFR|KEY|KX|LOC|MX|NAPTR|NS|NSEC|NSEC3|NSEC3PARAM|OPENPGPKEY|PTR|RRSIG|RP|SIG|SMIMEA|SOA|"
    r"SPF|SRV|SSHFP|SVCB|TKEY|TLSA|TSIG|TXT|URI|ZONEMD",
    re.ASCII,
)


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A predicted answer, or in `error` why there is none. `answers` is the whole section, sorted: "A 10.43.7.9".

    `continues` is a CNAME's target outside the cluster's zones: what that name resolves to follows in the real answer.
    `falls_through`: the plugin has no such name and passes the question on to the next one.
    """

    rcode: str = ""
    answers: tuple[str, ...] = ()
    error: str = ""
    continues: str = ""
    falls_through: bool = False


class Section(msgspec.Struct, frozen=True):
    """An answer section under way, as presentation text, and the outside name it leads to."""

    records: tuple[str, ...] = ()
    continues: str = ""


class Zone(msgspec.Struct, frozen=True):
    """Cluster DNS over one state of the objects."""

    options: Options
    lookup: Lookup
    zones: tuple[Labels, ...]
    fallthrough: tuple[Labels, ...]
    multicluster: tuple[Labels, ...]

    @classmethod
    def build(
        cls,
        services: Iterable[Service] | None,
        slices: Iterable[EndpointSlice] | None,
        pods: Iterable[Pod] | None,
        namespaces: Iterable[Namespace] | None,
        options: Options | None = None,
        scope: frozenset[str] | None = None,
    ) -> Zone:
        """`None` for a kind that could not be read; `scope` are the namespaces read, None where all were.

        Raises selector.BadSelector and names.NotAName where the options hold what is none.
        """
        chosen = options or Options()
        objects = Objects.index(chosen, services, slices, pods, namespaces, scope)
        return cls(
            options=chosen,
            lookup=Lookup(chosen, objects),
            zones=_parsed(chosen.zones),
            fallthrough=_parsed(chosen.fallthrough),
            multicluster=_parsed(chosen.multicluster),
        )

    def zone_of(self, labels: Labels) -> Labels | None:
        """The longest of the plugin's zones that the name is in."""
        return max((zone for zone in self.zones if names.within(labels, zone)), key=len, default=None)

    def answer(self, name: str, type_: str = "A") -> Answer:
        """The answer to an absolute name. Total: what is no name, no type or not ours comes back as `error`."""
        kind = type_.upper()
        if not _TYPE.fullmatch(kind):
            return Answer(error=f"{type_!r} is not a DNS type")
        try:
            labels = names.parse(name)
        except names.NotAName as wrong:
            return Answer(error=f"not a domain name: {wrong}")
        zone = self.zone_of(labels)
        if zone is None:
            return Answer(error=f"{names.text_of(labels)} is in none of the zones {' '.join(self.options.zones)}")
        if any(names.within(labels, other) for other in self.multicluster):
            return Answer(error="a multicluster zone is answered from ServiceImports, which are not read")
        return self._answer(labels, zone, kind)

    def _answer(self, labels: Labels, zone: Labels, kind: str) -> Answer:
        if kind in ("AXFR", "IXFR"):
            return Answer("REFUSED")
        try:
            section = self._section(labels, zone, kind)
        except Unknown as reason:
            return Answer(error=str(reason))
        except NoSuchName:
            return self._no_such_name(labels)
        return Answer("NOERROR", tuple(sorted(section.records)), continues=section.continues)

    def _no_such_name(self, labels: Labels) -> Answer:
        if any(names.within(labels, zone) for zone in self.fallthrough):
            said = f"no object stands behind {names.text_of(labels)}, and `fallthrough` passes it on to the next plugin"
            return Answer(error=said, falls_through=True)
        return Answer("NXDOMAIN")

    def _section(self, labels: Labels, zone: Labels, kind: str) -> Section:
        """Other types than these are answered with the rcode of an address query and no record."""
        if kind == "NS" and labels == zone:
            return Section(tuple(dict.fromkeys(f"NS {target.owner}" for target in self.lookup.servers(zone))))
        if kind == "SOA":
            if labels == zone:
                raise Unknown("the serial in the SOA record is the time of the last change, which only CoreDNS knows")
            return Section()  # below the apex CoreDNS says NOERROR to SOA, whether the name exists or not
        asked = self._ASK.get(kind)
        if asked is not None:
            return asked(self, labels, zone)
        self._targets(labels, zone, "A")
        return Section()

    def _targets(self, labels: Labels, zone: Labels, kind: str) -> tuple[Target, ...]:
        """What stands behind the name; ns.dns of the zone is the DNS Service's."""
        if labels == ("ns", "dns", *zone):
            family = {"A": 4, "AAAA": 6}.get(kind)
            return tuple(one for one in self.lookup.servers(zone) if _family(one.address) == family) if family else ()
        return self.lookup.forward(labels, zone)

    def _a(self, labels: Labels, zone: Labels) -> Section:
        return self._addresses(labels, zone, "A", ())

    def _aaaa(self, labels: Labels, zone: Labels) -> Section:
        return self._addresses(labels, zone, "AAAA", ())

    def _addresses(self, labels: Labels, zone: Labels, kind: str, chain: tuple[str, ...]) -> Section:
        records: list[str] = []
        continues = ""
        for target in self._targets(labels, zone, kind):
            if target.address:
                if _family(target.address) == (4 if kind == "A" else 6):
                    records.append(f"{kind} {target.address}")
                continue
            followed = self._follow(labels, zone, kind, target.host, chain)
            records += followed.records
            continues = continues or followed.continues
        return Section(tuple(dict.fromkeys(records)), continues)

    def _follow(self, labels: Labels, zone: Labels, kind: str, host: str, chain: tuple[str, ...]) -> Section:
        """A CNAME and what it leads to. Inside the zone a CNAME that leads to nothing is left out of the answer."""
        try:
            aim = names.parse(host)
        except names.NotAName as wrong:
            raise Unknown(f"externalName {host!r} is no domain name: {wrong}") from wrong
        record = f"CNAME {names.text_of(aim)}"
        if names.within(aim, labels) or len(chain) > MAX_CHAIN or record in chain:
            return Section()
        if names.within(aim, zone):
            try:
                after = self._addresses(aim, zone, kind, (*chain, record))
            except NoSuchName:
                return Section()
            return Section((record, *after.records), after.continues) if after.records else Section()
        return self._leave(aim, kind, record, len(chain))

    def _leave(self, aim: Labels, kind: str, record: str, depth: int) -> Section:
        """Out of the zone the CNAME always stands; what follows is another zone's, perhaps another of this plugin's."""
        other = self.zone_of(aim)
        if other is None:
            return Section((record,), names.text_of(aim))
        if depth:
            raise Unknown("CNAMEs lead from zone to zone: only the server knows where that ends")
        try:
            after = self._addresses(aim, other, kind, (record,))
        except NoSuchName:
            after = Section()
        return Section((record, *after.records), after.continues)

    def _cname(self, labels: Labels, zone: Labels) -> Section:
        targets = self._targets(labels, zone, "CNAME")
        if not targets or targets[0].address:
            return Section()
        return Section((f"CNAME {targets[0].host.rstrip('.')}.",))

    def _srv(self, labels: Labels, zone: Labels) -> Section:
        """Weights share 100 over all address and port pairs; a name and port that two pairs share is one record."""
        targets = [one for one in self._targets(labels, zone, "SRV") if one.address]
        if not targets:
            return Section()
        weight = max(1, math.floor(100.0 / (100 * len(targets)) * 100))
        pairs = dict.fromkeys((one.owner, one.port) for one in targets if one.port != NO_PORT)
        return Section(tuple(f"SRV 0 {weight} {port} {owner}" for owner, port in pairs))

    def _ptr(self, labels: Labels, zone: Labels) -> Section:
        address = names.reverse_of(labels)
        if not address:
            self.lookup.forward(labels, zone)
            return Section()
        return Section(tuple(f"PTR {name}" for name in self.lookup.reverse(address)))

    def _txt(self, labels: Labels, zone: Labels) -> Section:
        """dns-version alone has a text. A name with records of other types has none; every other name is denied,
        the zone's own and a namespace's too, as CoreDNS does it."""
        if labels == ("dns-version", *zone):
            return Section((f'TXT "{DNS_VERSION}"',))
        found = self.lookup.forward(labels, zone)
        below = labels[: len(labels) - len(zone)]
        if not found and not (self.options.zonal and read(below, True).zone):
            raise NoSuchName
        return Section()

    def _mx(self, labels: Labels, zone: Labels) -> Section:
        self._targets(labels, zone, "MX")
        return Section()

    _ASK: ClassVar[dict[str, Callable[[Zone, Labels, Labels], Section]]] = {
        "A": _a,
        "AAAA": _aaaa,
        "CNAME": _cname,
        "SRV": _srv,
        "PTR": _ptr,
        "TXT": _txt,
        "MX": _mx,
    }


def _parsed(zones: tuple[str, ...]) -> tuple[Labels, ...]:
    return tuple(names.parse(zone) for zone in zones)


def _family(address: str) -> int:
    return 6 if ":" in address else 4
