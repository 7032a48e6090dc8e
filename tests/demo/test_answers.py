"""What the name servers of the embedded network answer, octet for octet as a client reads it."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdoc.demo import assemble
from netdoc.demo.answers import Answers
from netdoc.demo.assemble import Host
from tests.demo.staging import pods, world

RESOLVER = Host("192.168.20.1", (53,), True)


def answers(scenario: str) -> Answers:
    return Answers(world(scenario), assemble.internet_zone())


def ask(
    name: str,
    type_: str = "A",
    scenario: str = "healthy",
    *,
    outside: bool = False,
    edns: int = 0,
    stream: bool = False,
) -> dns.message.Message:
    query = dns.message.make_query(name, type_, use_edns=0 if edns else -1, payload=edns or None)
    server = RESOLVER if outside else pods(world(scenario), "kube-system", "coredns")[0]
    octets = answers(scenario).octets(server, query.to_wire(), stream)
    assert octets is not None
    assert stream or len(octets) <= max(512, edns)
    told = dns.message.from_wire(octets, raise_on_truncation=False)
    assert told.id == query.id
    assert told.flags & dns.flags.QR
    return told


def read(told: dns.message.Message) -> tuple[str, list[str]]:
    lines = [f"{rrset.name} {line}" for rrset in told.answer for line in rrset.to_text().splitlines()]
    return dns.rcode.to_text(told.rcode()), sorted(" ".join(line.split()[1:2] + line.split()[4:]) for line in lines)


@pytest.mark.parametrize(
    ("scenario", "name", "type_", "rcode", "records"),
    [
        ("healthy", "web.shop.svc.cluster.local.", "A", "NOERROR", ["web.shop.svc.cluster.local. A 10.43.115.7"]),
        ("healthy", "web.shop.svc.cluster.local.", "AAAA", "NOERROR", []),
        ("healthy", "wbe.shop.svc.cluster.local.", "A", "NXDOMAIN", []),
        ("healthy", "cache.shop.svc.cluster.local.", "A", "NOERROR",
         ["cache.shop.svc.cluster.local. CNAME redis.databases.svc.cluster.local.",
          "redis.databases.svc.cluster.local. A 10.43.102.26"]),
        ("healthy", "warehouse.shop.svc.cluster.local.", "A", "NOERROR",
         ["warehouse.example.net. A 198.51.100.20", "warehouse.shop.svc.cluster.local. CNAME warehouse.example.net."]),
        ("healthy", "warehouse.shop.svc.cluster.local.", "CNAME", "NOERROR",
         ["warehouse.shop.svc.cluster.local. CNAME warehouse.example.net."]),
        ("external-name-address", "warehouse.shop.svc.cluster.local.", "A", "NXDOMAIN", []),
        ("healthy", "7.115.43.10.in-addr.arpa.", "PTR", "NOERROR",
         ["7.115.43.10.in-addr.arpa. PTR web.shop.svc.cluster.local."]),
        ("healthy", "shop.example.com.", "A", "NOERROR", ["shop.example.com. A 203.0.113.10"]),
        ("healthy", "no-such.example.", "A", "NXDOMAIN", []),
        ("dns-hosts-trap", "partner.example.", "A", "NOERROR", ["partner.example. A 203.0.113.80"]),
        ("dns-hosts-trap", "partner.example.", "AAAA", "NOERROR", []),
        ("dns-hosts-trap", "web.shop.svc.cluster.local.", "A", "SERVFAIL", []),
        ("dns-no-kubernetes", "web.shop.svc.cluster.local.", "A", "NXDOMAIN", []),
        ("dns-other-domain", "web.shop.svc.cluster.local.", "A", "NXDOMAIN", []),
        ("dns-other-domain", "web.shop.svc.corp.example.", "A", "NOERROR",
         ["web.shop.svc.corp.example. A 10.43.115.7"]),
        ("dns-loop", "shop.example.com.", "A", "SERVFAIL", []),
    ],
)  # fmt: skip
def test_cluster_dns(scenario: str, name: str, type_: str, rcode: str, records: list[str]) -> None:
    assert read(ask(name, type_, scenario)) == (rcode, records)


@pytest.mark.parametrize(
    ("name", "type_", "rcode", "records"),
    [
        ("www.example.com.", "A", "NOERROR",
         ["shop.example.com. A 203.0.113.10", "www.example.com. CNAME shop.example.com."]),
        ("shop.example.com.", "AAAA", "NOERROR", []),
        ("example.com.", "A", "NOERROR", []),  # names stand below it
        ("web.shop.svc.cluster.local.", "A", "NXDOMAIN", []),
        ("SHOP.Example.com.", "A", "NOERROR", ["SHOP.Example.com. A 203.0.113.10"]),
    ],
)  # fmt: skip
def test_names_outside(name: str, type_: str, rcode: str, records: list[str]) -> None:
    assert read(ask(name, type_, outside=True)) == (rcode, records)


def test_a_long_answer_is_cut_over_udp_and_whole_over_tcp_or_with_edns() -> None:
    cut = ask("policy.example.com.", "TXT", outside=True)
    assert cut.flags & dns.flags.TC
    assert not cut.answer
    for whole in (
        ask("policy.example.com.", "TXT", outside=True, stream=True),
        ask("policy.example.com.", "TXT", outside=True, edns=1232),
        ask("policy.example.com.", "TXT", edns=1232),
    ):
        assert not whole.flags & dns.flags.TC
        assert len(whole.answer) == 1


@pytest.mark.parametrize("octets", [b"", b"\0" * 5, b"\0" * 12, bytes(range(40))])
def test_what_is_no_question_gets_no_answer(octets: bytes) -> None:
    assert answers("healthy").octets(RESOLVER, octets, False) is None


def test_an_answer_is_not_answered() -> None:
    query = dns.message.make_query("shop.example.com.", "A")
    query.flags |= dns.flags.QR
    assert answers("healthy").octets(RESOLVER, query.to_wire(), False) is None


@settings(max_examples=200, deadline=None)
@given(name=st.lists(st.binary(min_size=1, max_size=20), max_size=6), type_=st.integers(1, 300))
def test_every_question_is_answered(name: list[bytes], type_: int) -> None:
    import dns.name

    query = dns.message.make_query(dns.name.Name([*name, b""]), dns.rdatatype.RdataType.make(type_))
    for server in (RESOLVER, SERVER):
        octets = HEALTHY.octets(server, query.to_wire(), False)
        assert octets is not None
        assert dns.message.from_wire(octets, raise_on_truncation=False).id == query.id


HEALTHY = answers("healthy")
SERVER = pods(world(), "kube-system", "coredns")[0]
