"""Clients whose own resolver, or whose own idea of a name, does not lead to the cluster's names; and such as look alike
and work. They break nothing but themselves. Source of what is expected: Kubernetes, "DNS for Services and Pods".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.e2e.dns.scene import Scene, client, dead, dns_address, expect, nobodys, scene, silent
from tests.e2e.kube import Kube, Object

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]


class Case(msgspec.Struct, frozen=True):
    """A client, the name that it looks up, what becomes of that, and what netdoc is asked. %: the namespace.

    `code`, `kind` and `about` are the cause; without them there is nothing to be found.
    """

    id: str
    client: str
    name: str
    comes_to: str = "%address"
    target: str = "svc/web.%"
    code: str = ""
    kind: str = "Pod"
    about: str = ""


FAULTS = [
    Case("dns-policy-default", "as-node", "web.%", "nameless", code="dns.pod-policy"),
    Case("host-network", "on-host", "web.%", "nameless", code="dns.pod-policy"),
    Case("nameserver-of-nobody", "asks-nobody", "web.%", "unanswered", code="dns.pod-policy"),
    Case("nameserver-that-is-gone", "asks-dead", "web.%", "unanswered", code="dns.pod-policy"),
    Case("no-search-domains", "no-search", "web.%", "nameless", "http://web.%/", "dns.pod-policy"),
    Case("egress-without-dns", "shut-in", "web.%", "unanswered", code="policy.dns-egress-denied"),
    Case("namespace-typo", "plain", "web.%x", "nameless", "http://web.%x/", "target.namespace-not-found",
         "Namespace", "%x"),
    Case("name-typo", "plain", "wbe.%", "nameless", "http://wbe.%/", "target.not-found", "Service", "wbe"),
]  # fmt: skip
HEALTHY = [
    Case("as-usual", "plain", "web.%"),
    Case("short", "plain", "web", target="http://web.%/"),
    Case("long", "plain", "web.%.svc.cluster.local.", target="http://web.%.svc.cluster.local./"),
    Case("host-network-first", "on-host-well", "web.%"),
    Case("by-hand", "by-hand-well", "web.%", target="http://web.%/"),
    Case("long-without-search", "no-search", "web.%.svc.cluster.local.", target="http://web.%.svc.cluster.local./"),
    Case("egress-with-dns", "let-out", "web.%"),
]


def clients(kube: Kube) -> list[Object]:
    dns = dns_address(kube)
    whole = {
        "searches": ["NAMESPACE.svc.cluster.local", "svc.cluster.local", "cluster.local"],
        "options": [{"name": "ndots", "value": "5"}],
    }
    return [
        client("plain"),
        client("as-node", dnsPolicy="Default"),
        client("on-host", hostNetwork=True),
        client("on-host-well", hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"),
        client("asks-nobody", dnsPolicy="None", dnsConfig={**whole, "nameservers": [nobodys(kube)]}),
        client("asks-dead", dnsPolicy="None", dnsConfig={**whole, "nameservers": [dead(kube)]}),
        client("no-search", dnsPolicy="None", dnsConfig={"nameservers": [dns]}),
        client("by-hand-well", dnsPolicy="None", dnsConfig={**whole, "nameservers": [dns]}),
        client("shut-in"),
        client("let-out"),
    ]


def policies() -> list[Object]:
    """`shut-in` may reach the application alone, `let-out` cluster DNS too."""
    web = {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    home = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    dns = {"to": [home], "ports": [{"port": 53, "protocol": one} for one in ("UDP", "TCP")]}
    return [egress("shut-in", web), egress("let-out", web, dns)]


def egress(name: str, *rules: Object) -> Object:
    spec = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Egress"], "egress": list(rules)}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def street(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(kube, "resolvers", tmp_path_factory.mktemp("resolvers"), clients(kube)) as made:
        made.place.put(*policies())
        yield made


@pytest.fixture(scope="module")
def snapshot(street: Scene) -> Path:
    return street.save()


def filled(case: Case, street: Scene) -> Case:
    words = {"%address": street.address, "%": street.namespace}
    texts = {name: getattr(case, name) for name in Case.__struct_fields__ if name != "id"}
    for word, value in words.items():
        texts = {name: text.replace(word, value) for name, text in texts.items()}
    return Case(case.id, **texts)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.id)
def test_the_cause_is_named(fault: Case, street: Scene, snapshot: Path) -> None:
    case = filled(fault, street)
    street.look(case.client, case.name, case.comes_to)
    cause = (case.code, case.kind, case.about or case.client)
    expect(street.live(case.client, case.target), *cause)
    expect(street.measured(case.client, case.target), *cause, measured=True)
    expect(street.saved(case.client, case.target, snapshot), *cause)


@pytest.mark.parametrize("health", HEALTHY, ids=lambda one: one.id)
def test_what_looks_alike_and_works_is_silent(health: Case, street: Scene, snapshot: Path) -> None:
    case = filled(health, street)
    street.look(case.client, case.name, case.comes_to)
    silent(street.live(case.client, case.target))
    silent(street.measured(case.client, case.target), measured=True)
    silent(street.saved(case.client, case.target, snapshot))
