"""What the name servers of the embedded network answer: each CoreDNS as predicted, others from the master file.

Octets in, octets out, None for what no server answers; nothing is sent here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

from netdoc.demo.assemble import Host
from netdoc.demo.delivery import caller_of, fates
from netdoc.demo.world import World
from netdoc.model import kube
from netdoc.predict import corefile
from netdoc.predict.dns import Answer, names

PLAIN = 512  # octets of an answer over UDP to a client without EDNS (RFC 1035, section 4.2.1)
TTL = 30  # seconds, the plugin's in this network's Corefile
LONGEST_CHAIN = 8

Said = tuple[dns.rcode.Rcode, list[dns.rrset.RRset]]
FAILED: Said = (dns.rcode.SERVFAIL, [])


class Answers:
    def __init__(self, world: World, internet: str) -> None:
        self._world = world
        self._text = internet

    def octets(self, by: kube.Pod | Host | None, query: bytes, stream: bool) -> bytes | None:
        """The answer of that server; cut over UDP to what the client takes."""
        try:
            asked = dns.message.from_wire(query)
        except (dns.exception.DNSException, ValueError):
            return None
        if asked.flags & dns.flags.QR or len(asked.question) != 1:
            return None
        response = dns.message.make_response(asked, recursion_available=True)
        question = asked.question[0]
        code, records = self._said(by, question.name, question.rdtype)
        response.set_rcode(code)
        response.answer += records
        if stream:
            return response.to_wire()
        size = max(PLAIN, asked.payload) if asked.edns >= 0 else PLAIN
        return response.to_wire(max_size=size, prefer_truncation=True)

    def _said(self, by: kube.Pod | Host | None, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Said:
        if isinstance(by, kube.Pod):
            return self._coredns(by, name.to_text(), dns.rdatatype.to_text(kind))
        return self._recursive(name, kind)

    # CoreDNS

    def _coredns(self, pod: kube.Pod, name: str, kind: str) -> Said:
        server = self._world.dns
        block = corefile.block_for(server.corefile, name) if server is not None else None
        if server is None or block is None:
            return dns.rcode.REFUSED, []
        served = server.answer(name, kind)
        if any(one.plugin == "hosts" for one in served.doubts):
            return _hosts(block, name, kind)
        if served.forward is not None:
            return self._forwarded(pod, served.forward, name, kind)
        if served.answer.error:
            return FAILED
        return dns.rcode.from_text(served.answer.rcode), self._records(pod, server, served.answer, name, kind)

    def _records(
        self, pod: kube.Pod, server: corefile.Server, answer: Answer, name: str, kind: str
    ) -> list[dns.rrset.RRset]:
        """In order, with their owners: the prediction has types and data alone. CoreDNS follows a CNAME outwards."""
        told = answer.answers
        owner, found = name, []
        for _ in range(LONGEST_CHAIN):
            alias = server.answer(owner, "CNAME").answer.answers if kind != "CNAME" else ()
            if not alias or alias[0] not in told:
                break
            found.append(_record(owner, alias))
            owner = alias[0].partition(" ")[2]
        rest = [one for one in told if kind == "CNAME" or not one.startswith("CNAME ")]
        if rest:
            found.append(_record(owner, rest))
        if answer.continues:
            found += self._coredns(pod, answer.continues, kind)[1]
        return found

    def _forwarded(self, pod: kube.Pod, forward: corefile.Forward, name: str, kind: str) -> Said:
        """The first upstream that takes the question. One that leads back to a CoreDNS is a loop: nobody answers."""
        for one in forward.upstreams:
            address = one.address or self._world.outside.resolver
            for fate in fates(self._world, caller_of(pod), address, int(one.port or 53), "UDP"):
                if isinstance(fate.by, Host):
                    return self._recursive(dns.name.from_text(name), dns.rdatatype.from_text(kind))
        return FAILED

    # Everybody else

    @functools.cached_property
    def _zone(self) -> dns.zone.Zone:
        return dns.zone.from_text(self._text, origin=dns.name.root, relativize=False)

    def _recursive(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Said:
        found: list[dns.rrset.RRset] = []
        for _ in range(LONGEST_CHAIN):
            node = self._zone.get_node(name)
            if node is None:
                above = any(one.is_subdomain(name) for one in self._zone.nodes)
                return dns.rcode.NOERROR if above or found else dns.rcode.NXDOMAIN, found
            alias = _set(name, node, dns.rdatatype.CNAME)
            own = _set(name, node, kind)
            found += [one for one in (own or alias,) if one is not None]
            if own is not None or alias is None:
                break
            name = alias[0].target
        return dns.rcode.NOERROR, found


def _set(name: dns.name.Name, node: dns.node.Node, kind: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    rdataset = node.get_rdataset(dns.rdataclass.IN, kind)
    return dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset)) if rdataset is not None else None


def _record(owner: str, told: Iterable[str]) -> dns.rrset.RRset:
    """Records of one type: "A 10.43.7.9", "SRV 0 50 80 web.shop.svc.cluster.local."."""
    pairs = [one.partition(" ") for one in told]
    return dns.rrset.from_text_list(owner, TTL, "IN", pairs[0][0], [data for _, _, data in pairs])


def _hosts(block: corefile.ServerBlock, name: str, kind: str) -> Said:
    """The plugin hosts: what it lists, else SERVFAIL, as it has no `fallthrough` (coredns/plugin/hosts/hosts.go)."""
    plugin, wanted = block.first("hosts"), names.parse(name)
    lines = plugin.properties if plugin is not None else ()
    listed = [one.name for one in lines if any(names.parse(other) == wanted for other in one.args)]
    if not listed:
        return FAILED
    fitting = [one for one in listed if kind == ("AAAA" if ":" in one else "A")]
    return dns.rcode.NOERROR, [_record(name, [f"{kind} {one}" for one in fitting])] if fitting else []
