"""What cluster DNS answers, rule by rule (Kubernetes DNS specification 1.1.0; CoreDNS 1.15 plugin/kubernetes)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.kube import EndpointSlice, Namespace, Pod, Service
from netdoc.predict.dns import Answer, Options, Zone
from netdoc.predict.dns.selector import BadSelector

OBJECTS = """
- {kind: Namespace, metadata: {name: shop, labels: {team: a}}}
- {kind: Namespace, metadata: {name: empty}}
- {kind: Namespace, metadata: {name: kube-system}}
- kind: Service
  metadata: {name: web, namespace: shop, labels: {tier: front}}
  spec: {clusterIP: 10.43.7.9, clusterIPs: [10.43.7.9], ports: [
    {name: http, port: 80}, {name: metrics, port: 9090}, {name: dns, port: 53, protocol: UDP}]}
- kind: Service
  metadata: {name: dual, namespace: shop}
  spec: {clusterIP: 10.43.7.10, clusterIPs: [10.43.7.10, "fd00:43::10"], ports: [{port: 80}]}
- kind: Service
  metadata: {name: bare, namespace: shop}
  spec: {clusterIP: 10.43.7.11}
- kind: Service
  metadata: {name: pending, namespace: shop}
  spec: {ports: [{port: 80}]}
- kind: Service
  metadata: {name: db, namespace: shop}
  spec: {clusterIP: None, clusterIPs: [None], ports: [{name: pg, port: 5432}]}
- {kind: Service, metadata: {name: none-ready, namespace: shop}, spec: {clusterIP: None, ports: [{port: 1}]}}
- {kind: Service, metadata: {name: portless, namespace: shop}, spec: {clusterIP: None}}
- {kind: Service, metadata: {name: kube-dns, namespace: kube-system},
   spec: {clusterIP: 10.43.0.10, ports: [{port: 53}]}}
- {kind: Service, metadata: {name: out, namespace: shop}, spec: {type: ExternalName, externalName: www.example.org}}
- {kind: Service, metadata: {name: in, namespace: shop},
   spec: {type: ExternalName, externalName: Web.shop.svc.cluster.local., ports: [{name: http, port: 80}]}}
- {kind: Service, metadata: {name: in-in, namespace: shop},
   spec: {type: ExternalName, externalName: in.shop.svc.cluster.local}}
- {kind: Service, metadata: {name: in-out, namespace: shop},
   spec: {type: ExternalName, externalName: out.shop.svc.cluster.local}}
- {kind: Service, metadata: {name: lost, namespace: shop},
   spec: {type: ExternalName, externalName: gone.shop.svc.cluster.local}}
- {kind: Service, metadata: {name: self, namespace: shop},
   spec: {type: ExternalName, externalName: self.shop.svc.cluster.local}}
- {kind: Service, metadata: {name: ring-a, namespace: shop},
   spec: {type: ExternalName, externalName: ring-b.shop.svc.cluster.local}}
- {kind: Service, metadata: {name: ring-b, namespace: shop},
   spec: {type: ExternalName, externalName: ring-a.shop.svc.cluster.local}}
- {kind: Service, metadata: {name: number, namespace: shop}, spec: {type: ExternalName, externalName: 192.0.2.1}}
- {kind: Service, metadata: {name: to-ptr, namespace: shop},
   spec: {type: ExternalName, externalName: 9.7.43.10.in-addr.arpa}}
- {kind: Service, metadata: {name: crooked, namespace: shop}, spec: {type: ExternalName, externalName: a..b}}
- kind: EndpointSlice
  metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web, tier: front}}
  ports: [{name: http, port: 8080, protocol: TCP}, {name: metrics, port: 9090, protocol: TCP}]
  endpoints: [{addresses: [10.42.0.5], conditions: {ready: true}}, {addresses: [10.42.0.6], conditions: {ready: false}}]
- kind: EndpointSlice
  metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
  ports: [{name: pg, port: 5432, protocol: TCP}]
  endpoints:
  - {addresses: [10.42.0.7], hostname: db-0, targetRef: {kind: Pod, name: db-0}, zone: Zone-A}
  - {addresses: [10.42.0.8], targetRef: {kind: Pod, name: other-pod}, conditions: {ready: true, serving: false}}
  - {addresses: [10.42.0.9], conditions: {ready: false, serving: true, terminating: true}}
- kind: EndpointSlice
  metadata: {name: db-2, namespace: shop, labels: {kubernetes.io/service-name: db}}
  addressType: IPv6
  ports: [{name: pg, port: 5432, protocol: TCP}]
  endpoints: [{addresses: ["fd00:42::7"], hostname: db-0}, {addresses: ["fd00:42:1::"]}]
- kind: EndpointSlice
  metadata: {name: none-1, namespace: shop, labels: {kubernetes.io/service-name: none-ready}}
  ports: [{port: 1}]
  endpoints: [{addresses: [10.42.0.9], conditions: {ready: false}}]
- kind: EndpointSlice
  metadata: {name: portless-1, namespace: shop, labels: {kubernetes.io/service-name: portless}}
  endpoints: [{addresses: [10.42.0.5]}]
- kind: EndpointSlice
  metadata: {name: nobodys, namespace: shop}
  endpoints: [{addresses: [10.42.0.99]}]
- kind: EndpointSlice
  metadata: {name: dns-1, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
  ports: [{port: 53}]
  endpoints: [{addresses: [10.42.0.2]}]
- kind: Pod
  metadata: {name: db-0, namespace: shop}
  status: {phase: Running, podIP: 10.42.0.7, podIPs: [{ip: 10.42.0.7}, {ip: "fd00:42::7"}]}
- {kind: Pod, metadata: {name: agent-1, namespace: shop}, status: {phase: Running, podIP: 192.0.2.7}}
- {kind: Pod, metadata: {name: agent-2, namespace: shop}, status: {phase: Running, podIP: 192.0.2.7}}
- {kind: Pod, metadata: {name: done, namespace: shop}, status: {phase: Succeeded, podIP: 10.42.0.40}}
"""
KINDS = {"Service": Service, "EndpointSlice": EndpointSlice, "Pod": Pod, "Namespace": Namespace}


def parts() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for one in yaml.safe_load(OBJECTS):
        found[one["kind"]].append(msgspec.convert(one, KINDS[one["kind"]]))
    return found


PARTS = parts()


def zone(**options: Any) -> Zone:
    return Zone.build(PARTS["Service"], PARTS["EndpointSlice"], PARTS["Pod"], PARTS["Namespace"], Options(**options))


PLAIN = zone()
NODATA: tuple[str, ...] = ()


def chain(number: int) -> Zone:
    """A chain of CNAMEs, the last of them to web."""
    links = [
        Service(
            metadata=msgspec.convert({"name": f"link-{at}", "namespace": "shop"}, type(PARTS["Service"][0].metadata)),
            spec=msgspec.convert(
                {
                    "type": "ExternalName",
                    "externalName": f"{f'link-{at + 1}' if at + 1 < number else 'web'}.shop.svc.cluster.local",
                },
                type(PARTS["Service"][0].spec),
            ),
        )
        for at in range(number)
    ]
    return Zone.build(PARTS["Service"] + links, PARTS["EndpointSlice"], [], PARTS["Namespace"])


# name (below cluster.local where it does not end in a dot), type, what is answered: records, or the rcode
RULES: dict[str, tuple[str, str, tuple[str, ...] | str]] = {
    "ClusterIP: its address": ("web.shop.svc", "A", ("A 10.43.7.9",)),
    "ClusterIP: IPv4 alone has no AAAA": ("web.shop.svc", "AAAA", NODATA),
    "dual stack: IPv4": ("dual.shop.svc", "A", ("A 10.43.7.10",)),
    "dual stack: IPv6": ("dual.shop.svc", "AAAA", ("AAAA fd00:43::10",)),
    "ClusterIP without ready endpoints still resolves": ("dual.shop.svc", "A", ("A 10.43.7.10",)),
    "ClusterIP without ports": ("bare.shop.svc", "A", ("A 10.43.7.11",)),
    "no such Service": ("gone.shop.svc", "A", "NXDOMAIN"),
    "no such namespace": ("web.nowhere.svc", "A", "NXDOMAIN"),
    "upper case is the same": ("WEB.Shop.SVC", "A", ("A 10.43.7.9",)),
    "wildcards are gone since CoreDNS 1.8": ("*.shop.svc", "A", "NXDOMAIN"),
    "wildcard any is gone too": ("web.any.svc", "A", "NXDOMAIN"),
    "apex": ("", "A", NODATA),
    "svc": ("svc", "A", NODATA),
    "pod": ("pod", "A", NODATA),
    "namespace exists": ("shop.svc", "A", NODATA),
    "namespace without anything": ("empty.svc", "AAAA", NODATA),
    "namespace does not exist": ("nowhere.svc", "A", "NXDOMAIN"),
    "namespace below pod": ("shop.pod", "A", NODATA),
    "neither svc nor pod": ("web.shop", "A", "NXDOMAIN"),
    "three labels left of the Service": ("a.b.c.web.shop.svc", "A", "NXDOMAIN"),
    "SRV of a named port": ("_http._tcp.web.shop.svc", "SRV", ("SRV 0 100 80 web.shop.svc.cluster.local.",)),
    "SRV: UDP": ("_dns._udp.web.shop.svc", "SRV", ("SRV 0 100 53 web.shop.svc.cluster.local.",)),
    "SRV: other protocol": ("_http._udp.web.shop.svc", "SRV", "NXDOMAIN"),
    "SRV: no such port": ("_https._tcp.web.shop.svc", "SRV", "NXDOMAIN"),
    "SRV: underscores may be missing": ("http.tcp.web.shop.svc", "SRV", ("SRV 0 100 80 web.shop.svc.cluster.local.",)),
    "SRV: unnamed port has no name of its own": ("_http._tcp.dual.shop.svc", "SRV", "NXDOMAIN"),
    "SRV of a Service: all its ports share the weight": (
        "web.shop.svc",
        "SRV",
        tuple(f"SRV 0 33 {port} web.shop.svc.cluster.local." for port in (53, 80, 9090)),
    ),
    "SRV: two families share one record": ("dual.shop.svc", "SRV", ("SRV 0 50 80 dual.shop.svc.cluster.local.",)),
    "SRV: without ports there is none": ("bare.shop.svc", "SRV", NODATA),
    "SRV names have addresses too": ("_http._tcp.web.shop.svc", "A", ("A 10.43.7.9",)),
    "headless: ready endpoints": ("db.shop.svc", "A", ("A 10.42.0.7", "A 10.42.0.8")),
    "headless: IPv6": ("db.shop.svc", "AAAA", ("AAAA fd00:42:1::", "AAAA fd00:42::7")),
    "headless: none ready": ("none-ready.shop.svc", "A", "NXDOMAIN"),
    "headless: without ports": ("portless.shop.svc", "A", ("A 10.42.0.5",)),
    "headless SRV: every endpoint, by its name": (
        "_pg._tcp.db.shop.svc",
        "SRV",
        (
            "SRV 0 25 5432 10-42-0-8.db.shop.svc.cluster.local.",
            "SRV 0 25 5432 db-0.db.shop.svc.cluster.local.",
            "SRV 0 25 5432 fd00-42-1--0.db.shop.svc.cluster.local.",
        ),
    ),
    "headless SRV: without ports": ("portless.shop.svc", "SRV", NODATA),
    "endpoint by hostname": ("db-0.db.shop.svc", "A", ("A 10.42.0.7",)),
    "endpoint by hostname, IPv6": ("db-0.db.shop.svc", "AAAA", ("AAAA fd00:42::7",)),
    "endpoint by address": ("10-42-0-8.db.shop.svc", "A", ("A 10.42.0.8",)),
    "endpoint with a hostname has no address name": ("10-42-0-7.db.shop.svc", "A", "NXDOMAIN"),
    "endpoint whose address ends in a colon": ("fd00-42-1--0.db.shop.svc", "AAAA", ("AAAA fd00:42:1::",)),
    "endpoint by pod name: not unless told": ("other-pod.db.shop.svc", "A", "NXDOMAIN"),
    "endpoint that is not ready": ("10-42-0-9.db.shop.svc", "A", "NXDOMAIN"),
    "endpoint of a Service with a cluster address": ("10-42-0-5.web.shop.svc", "A", ("A 10.42.0.5",)),
    "ExternalName outside": ("out.shop.svc", "A", ("CNAME www.example.org.",)),
    "ExternalName inside is followed": ("in.shop.svc", "A", ("A 10.43.7.9", "CNAME web.shop.svc.cluster.local.")),
    "ExternalName twice": (
        "in-in.shop.svc",
        "A",
        ("A 10.43.7.9", "CNAME in.shop.svc.cluster.local.", "CNAME web.shop.svc.cluster.local."),
    ),
    "ExternalName to a family that is missing": ("in.shop.svc", "AAAA", NODATA),
    "ExternalName to what is not there": ("lost.shop.svc", "A", NODATA),
    "ExternalName to itself": ("self.shop.svc", "A", NODATA),
    "ExternalName in a ring": ("ring-a.shop.svc", "A", NODATA),
    "ExternalName that is an address": ("number.shop.svc", "A", "NXDOMAIN"),
    "ExternalName: CNAME is not followed": ("in-in.shop.svc", "CNAME", ("CNAME in.shop.svc.cluster.local.",)),
    "ExternalName: no SRV": ("in.shop.svc", "SRV", NODATA),
    "ExternalName: nothing below it": ("_http._tcp.in.shop.svc", "SRV", "NXDOMAIN"),
    "ExternalName into another zone": ("to-ptr.shop.svc", "A", ("CNAME 9.7.43.10.in-addr.arpa.",)),
    "CNAME of a Service": ("web.shop.svc", "CNAME", NODATA),
    "pod insecure: any address": ("1-2-3-4.shop.pod", "A", ("A 1.2.3.4",)),
    "pod insecure: other family": ("1-2-3-4.shop.pod", "AAAA", NODATA),
    "pod insecure: IPv6": ("fd00--7.shop.pod", "AAAA", ("AAAA fd00::7",)),
    "pod insecure: no address": ("db-0.shop.pod", "A", "NXDOMAIN"),
    "pod insecure: leading zero": ("01-2-3-4.shop.pod", "A", "NXDOMAIN"),
    "pod insecure: no such namespace": ("1-2-3-4.nowhere.pod", "A", "NXDOMAIN"),
    "pod: labels left of it are passed over": ("x.1-2-3-4.shop.pod", "A", ("A 1.2.3.4",)),
    "PTR of a Service": ("9.7.43.10.in-addr.arpa.", "PTR", ("PTR web.shop.svc.cluster.local.",)),
    "PTR of a Service, IPv6": (
        "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.4.0.0.0.0.d.f.ip6.arpa.",
        "PTR",
        ("PTR dual.shop.svc.cluster.local.",),
    ),
    "PTR of an endpoint, in every Service that has it": (
        "5.0.42.10.in-addr.arpa.",
        "PTR",
        ("PTR 10-42-0-5.portless.shop.svc.cluster.local.", "PTR 10-42-0-5.web.shop.svc.cluster.local."),
    ),
    "PTR of an endpoint with a hostname": ("7.0.42.10.in-addr.arpa.", "PTR", ("PTR db-0.db.shop.svc.cluster.local.",)),
    "PTR in the forward zone": ("web.shop.svc", "PTR", NODATA),
    "PTR in the forward zone of no name": ("gone.shop.svc", "PTR", "NXDOMAIN"),
    "reverse apex": ("in-addr.arpa.", "PTR", NODATA),
    "dns-version": ("dns-version", "TXT", ('TXT "1.1.0"',)),
    "dns-version has no address": ("dns-version", "A", "NXDOMAIN"),
    "TXT of a Service": ("web.shop.svc", "TXT", NODATA),
    "TXT of no Service": ("gone.shop.svc", "TXT", "NXDOMAIN"),
    "TXT of a namespace: CoreDNS denies it": ("shop.svc", "TXT", "NXDOMAIN"),
    "TXT of the apex: CoreDNS denies it": ("", "TXT", "NXDOMAIN"),
    "MX": ("web.shop.svc", "MX", NODATA),
    "MX of no name": ("gone.shop.svc", "MX", "NXDOMAIN"),
    "other types follow the address query": ("web.shop.svc", "HTTPS", NODATA),
    "other types of no name": ("gone.shop.svc", "TYPE65280", "NXDOMAIN"),
    "NS of the zone names the DNS Service": ("", "NS", ("NS kube-dns.kube-system.svc.cluster.local.",)),
    "NS below the zone": ("web.shop.svc", "NS", NODATA),
    "ns.dns is the DNS Service": ("ns.dns", "A", ("A 10.43.0.10",)),
    "ns.dns in the other family": ("ns.dns", "AAAA", NODATA),
    "ns.dns has no TXT": ("ns.dns", "TXT", "NXDOMAIN"),
    "SOA below the zone is never denied": ("gone.shop.svc", "SOA", NODATA),
    "zone transfer": ("", "AXFR", "REFUSED"),
    "lower-case type": ("web.shop.svc", "a", ("A 10.43.7.9",)),
}


def absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}.cluster.local.".lstrip(".")


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    name, kind, expected = RULES[rule]
    answer = PLAIN.answer(absolute(name), kind)
    if isinstance(expected, str):
        assert answer == Answer(expected)
    else:
        assert (answer.rcode, answer.answers, answer.error) == ("NOERROR", expected, "")


def test_the_trailing_dot_may_be_left_out() -> None:
    assert PLAIN.answer("web.shop.svc.cluster.local") == PLAIN.answer("web.shop.svc.cluster.local.")


# options, name, type, what is answered
OPTIONS: dict[str, tuple[dict[str, Any], str, str, tuple[str, ...] | str]] = {
    "pods disabled": ({"pods": "disabled"}, "1-2-3-4.shop.pod", "A", "NXDOMAIN"),
    "pods disabled: the namespace too": ({"pods": "disabled"}, "shop.pod", "A", "NXDOMAIN"),
    "pods disabled: pod itself is there": ({"pods": "disabled"}, "pod", "A", NODATA),
    "pods verified: the pod's": ({"pods": "verified"}, "10-42-0-7.shop.pod", "A", ("A 10.42.0.7",)),
    "pods verified: its other family": ({"pods": "verified"}, "fd00-42--7.shop.pod", "AAAA", ("AAAA fd00:42::7",)),
    "pods verified: nobody's": ({"pods": "verified"}, "10-42-0-77.shop.pod", "A", "NXDOMAIN"),
    "pods verified: in another namespace": ({"pods": "verified"}, "10-42-0-7.empty.pod", "A", "NXDOMAIN"),
    "pods verified: two pods on the host's network are one address": (
        {"pods": "verified"},
        "192-0-2-7.shop.pod",
        "A",
        ("A 192.0.2.7",),
    ),
    "pods verified: and share the weight": (
        {"pods": "verified"},
        "192-0-2-7.shop.pod",
        "SRV",
        ("SRV 0 50 0 192-0-2-7.shop.pod.cluster.local.",),
    ),
    "pods verified: a finished pod's": ({"pods": "verified"}, "10-42-0-40.shop.pod", "A", "NXDOMAIN"),
    "pod names": ({"endpoint_pod_names": True}, "other-pod.db.shop.svc", "A", ("A 10.42.0.8",)),
    "pod names: hostname comes first": ({"endpoint_pod_names": True}, "db-0.db.shop.svc", "A", ("A 10.42.0.7",)),
    "no endpoints: headless": ({"noendpoints": True}, "db.shop.svc", "A", "NXDOMAIN"),
    "no endpoints: ClusterIP": ({"noendpoints": True}, "web.shop.svc", "A", ("A 10.43.7.9",)),
    "ignore empty_service: empty": ({"ignore_empty_service": True}, "dual.shop.svc", "A", "NXDOMAIN"),
    "ignore empty_service: not empty": ({"ignore_empty_service": True}, "web.shop.svc", "A", ("A 10.43.7.9",)),
    "ignore empty_service: ExternalName stays": (
        {"ignore_empty_service": True},
        "out.shop.svc",
        "A",
        ("CNAME www.example.org.",),
    ),
    "namespaces: not listed": ({"namespaces": frozenset({"empty"})}, "web.shop.svc", "A", "NXDOMAIN"),
    "namespaces: listed": ({"namespaces": frozenset({"shop"})}, "web.shop.svc", "A", ("A 10.43.7.9",)),
    "labels: chosen": ({"labels": "tier=front"}, "web.shop.svc", "A", ("A 10.43.7.9",)),
    "labels: not chosen": ({"labels": "tier in (front, back)"}, "db.shop.svc", "A", "NXDOMAIN"),
    "labels: by absence": ({"labels": "!tier"}, "web.shop.svc", "A", "NXDOMAIN"),
    "namespace labels": ({"namespace_labels": "team!=a"}, "web.shop.svc", "A", "NXDOMAIN"),
    "namespace labels: the name label is always there": (
        {"namespace_labels": "kubernetes.io/metadata.name=shop"},
        "web.shop.svc",
        "A",
        ("A 10.43.7.9",),
    ),
    "another zone": ({"zones": ("corp.example.",)}, "web.shop.svc.corp.example.", "A", ("A 10.43.7.9",)),
    "no fallthrough: reverse names are denied": ({"fallthrough": ()}, "1.2.0.192.in-addr.arpa.", "PTR", "NXDOMAIN"),
    "in-addr.arpa first: names in it": (
        {"zones": ("in-addr.arpa.", "cluster.local.")},
        "9.7.43.10.in-addr.arpa.",
        "PTR",
        ("PTR web.shop.svc.in-addr.arpa.",),
    ),
    "a reverse zone first": (
        {"zones": ("10.in-addr.arpa.", "cluster.local.")},
        "9.7.43.10.in-addr.arpa.",
        "PTR",
        ("PTR web.shop.svc.cluster.local.",),
    ),
    "zonal: pin": ({"zonal": True}, "zone-a.pin._zone.db.shop.svc", "A", ("A 10.42.0.7",)),
    "zonal: pin to nothing": ({"zonal": True}, "zone-b.pin._zone.db.shop.svc", "A", NODATA),
    "zonal: pin to nothing, TXT": ({"zonal": True}, "zone-b.pin._zone.db.shop.svc", "TXT", NODATA),
    "zonal: prefer": ({"zonal": True}, "zone-b.prefer._zone.db.shop.svc", "A", ("A 10.42.0.7", "A 10.42.0.8")),
    "zonal: not for cluster addresses": ({"zonal": True}, "zone-a.pin._zone.web.shop.svc", "A", "NXDOMAIN"),
    "zonal: other directive": ({"zonal": True}, "zone-a.only._zone.db.shop.svc", "A", "NXDOMAIN"),
    "zonal: off": ({}, "zone-a.pin._zone.db.shop.svc", "A", "NXDOMAIN"),
    "servers: headless in front": ({"servers": ("10.42.0.8",)}, "ns.dns", "A", ("A 10.42.0.7", "A 10.42.0.8")),
}


@pytest.mark.parametrize("rule", OPTIONS)
def test_option(rule: str) -> None:
    options, name, kind, expected = OPTIONS[rule]
    answer = zone(**options).answer(absolute(name), kind)
    if isinstance(expected, str):
        assert answer == Answer(expected)
    else:
        assert (answer.rcode, answer.answers, answer.error) == ("NOERROR", expected, "")


# name, type, part of the error
ERRORS = {
    "another zone": ("www.example.org.", "A", "is in none of the zones"),
    "the root": (".", "A", "is in none of the zones"),
    "nothing": ("", "A", "not a domain name"),
    "empty label": ("web..svc.cluster.local", "A", "empty label"),
    "label too long": ("x" * 64 + ".svc.cluster.local", "A", "more than 63 octets"),
    "name too long": ("x." * 127 + "cluster.local", "A", "longer than 255 octets"),
    "other letters": ("wéb.shop.svc.cluster.local", "A", "not ASCII"),
    "broken escape": ("web\\25.svc.cluster.local", "A", "broken escape"),
    "no type": ("web.shop.svc.cluster.local", "ADDRESS", "is not a DNS type"),
    "serial": ("cluster.local", "SOA", "serial"),
    "no cluster address yet": ("pending.shop.svc.cluster.local", "A", "no cluster address yet"),
    "externalName that is no name": ("crooked.shop.svc.cluster.local", "A", "no domain name"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error(case: str) -> None:
    name, kind, part = ERRORS[case]
    answer = PLAIN.answer(name, kind)
    assert part in answer.error
    assert not answer.rcode


def test_reverse_name_of_nobody_falls_through() -> None:
    answer = PLAIN.answer("1.2.0.192.in-addr.arpa", "PTR")
    assert answer.falls_through
    assert "passes it on" in answer.error


def test_a_slice_of_no_service_has_no_name() -> None:
    assert PLAIN.answer("99.0.42.10.in-addr.arpa", "PTR").falls_through


def test_a_chain_says_where_it_leads_outside() -> None:
    answer = PLAIN.answer("in-out.shop.svc.cluster.local")
    assert answer.answers == ("CNAME out.shop.svc.cluster.local.", "CNAME www.example.org.")
    assert answer.continues == "www.example.org."


@pytest.mark.parametrize(("links", "records"), [(1, 2), (11, 12), (12, 0), (13, 0)])
def test_coredns_follows_eleven_cnames(links: int, records: int) -> None:
    assert len(chain(links).answer("link-0.shop.svc.cluster.local").answers) == records


# Which list could not be read, a name whose answer depends on it, one whose answer does not
UNREAD = {
    "Services": ("web.shop.svc", "A", "nowhere.svc", "A"),
    "EndpointSlices": ("db.shop.svc", "A", "web.shop.svc", "A"),
    "pods": ("10-42-0-7.shop.pod", "A", "web.shop.svc", "A"),
    "Namespaces": ("nowhere.svc", "A", "gone.shop.svc", "A"),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_what_was_not_read_is_unknown_and_never_denied(kind: str) -> None:
    missing = {"Services": "Service", "EndpointSlices": "EndpointSlice", "pods": "Pod", "Namespaces": "Namespace"}[kind]
    held = [None if name == missing else PARTS[name] for name in KINDS]
    half = Zone.build(*held, Options(pods="verified"))
    unknown, unknown_type, known, known_type = UNREAD[kind]
    assert f"{kind} could not be read" in half.answer(absolute(unknown), unknown_type).error
    assert not half.answer(absolute(known), known_type).error


def test_reverse_names_are_unknown_where_a_list_is_missing() -> None:
    half = Zone.build(PARTS["Service"], None, [], PARTS["Namespace"], Options(fallthrough=()))
    assert half.answer("9.7.43.10.in-addr.arpa", "PTR").answers == ("PTR web.shop.svc.cluster.local.",)
    assert "not all Services and EndpointSlices" in half.answer("1.2.0.192.in-addr.arpa", "PTR").error


def test_a_namespace_that_was_not_read_is_unknown() -> None:
    some = Zone.build(
        PARTS["Service"], PARTS["EndpointSlice"], PARTS["Pod"], PARTS["Namespace"], scope=frozenset({"shop"})
    )
    assert "empty were not read" in some.answer("web.empty.svc.cluster.local").error
    assert some.answer("gone.shop.svc.cluster.local") == Answer("NXDOMAIN")


def test_multicluster_zone_is_unknown() -> None:
    many = zone(zones=("cluster.local.", "clusterset.local."), multicluster=("clusterset.local.",))
    assert "ServiceImports" in many.answer("web.shop.svc.clusterset.local").error


def test_without_known_servers_ns_is_unknown() -> None:
    alone = Zone.build([], [], [], PARTS["Namespace"])
    assert "CoreDNS" in alone.answer("cluster.local", "NS").error


def test_a_bad_selector_is_refused() -> None:
    with pytest.raises(BadSelector):
        zone(labels="a in b")


LABEL = st.text('abcdeftwsvp_-*0189.\\ "é', min_size=0, max_size=12) | st.sampled_from(
    ["web", "db", "shop", "svc", "pod", "_http", "_tcp", "10-42-0-7", "_zone", "pin", "in-addr", "arpa"]
)
SUFFIX = st.sampled_from(["", "svc.cluster.local", "pod.cluster.local", "cluster.local.", "in-addr.arpa", "ip6.arpa"])
NAME = st.builds(lambda labels, suffix: ".".join([*labels, suffix]), st.lists(LABEL, max_size=6), SUFFIX)


@given(NAME | st.text(), st.sampled_from(["A", "AAAA", "SRV", "PTR", "TXT", "NS", "SOA", "CNAME", "MX", "ANY", "x"]))
def test_every_string_has_an_answer(name: str, kind: str) -> None:
    for one in (PLAIN, zone(zonal=True, pods="verified", fallthrough=())):
        answer = one.answer(name, kind)
        assert bool(answer.error) != bool(answer.rcode)
        assert list(answer.answers) == sorted(answer.answers)
        assert not answer.answers or answer.rcode == "NOERROR"


@given(NAME)
def test_case_never_matters(name: str) -> None:
    assert PLAIN.answer(name.upper()).answers == PLAIN.answer(name.lower()).answers
