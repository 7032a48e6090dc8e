"""The check `dns`, by table: what each resolver, server and Corefile is told to be, and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from netdoc.api import Finding, Unjudged
from netdoc.cluster import SnapshotCluster
from netdoc.demo import assemble
from netdoc.demo.assemble import Operation
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Listing, Where
from netdoc_checks.dns import CHECK
from tests.asking import MOMENT, ask, judged

Manifest = dict[str, Any]
WEB, CLIENT = "svc/web.shop:80", "deploy/client.shop"
LONG, SHORT = "http://web.shop.svc.cluster.local", "http://web.shop"
DNS = {"kind": "Service", "namespace": "kube-system", "name": "kube-dns"}


def cluster(*operations: Manifest) -> SnapshotCluster:
    import msgspec

    patch = [msgspec.convert(one, Operation) for one in operations]
    documents = assemble.apply(assemble.network(), patch)
    return SnapshotCluster.from_documents(documents, where=Where(type="snapshot", context="test"), now=MOMENT)


def client(**spec: Any) -> Manifest:
    return {"each": {"kind": "Pod", "namespace": "shop", "labels": {"app": "client"}, "with": {"spec": spec}}}


def corefile(text: str) -> Manifest:
    return {"merge": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns",
                      "with": {"data": {"Corefile": text}}}}  # fmt: skip


def block(*lines: str) -> str:
    return ".:53 {\n" + "\n".join(lines) + "\n}\n"


async def codes(target: str, *operations: Manifest, source: str = CLIENT) -> list[str]:
    told = await ask(CHECK, cluster(*operations), target, source)
    return sorted(f"{one.code} {one.severity}" for one in told.findings)


KUBERNETES = "kubernetes cluster.local in-addr.arpa ip6.arpa"
FORWARD = "forward . 192.0.2.53"
OWN = {"nameservers": ["10.43.0.10"], "searches": ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]}


@pytest.mark.parametrize(
    ("target", "spec", "expected"),
    [
        (WEB, {"dnsPolicy": "ClusterFirst"}, []),
        (WEB, {"dnsPolicy": "Default"}, ["dns.pod-policy error"]),
        (WEB, {"dnsPolicy": "ClusterFirst", "hostNetwork": True}, ["dns.pod-policy error"]),
        (WEB, {"dnsPolicy": "ClusterFirstWithHostNet", "hostNetwork": True}, []),
        (WEB, {"dnsPolicy": "None", "dnsConfig": OWN}, []),
        (WEB, {"dnsPolicy": "None"}, ["dns.pod-policy error"]),
        (WEB, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.43.0.53"]}}, ["dns.pod-policy error"]),
        (WEB, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"]}}, ["dns.pod-policy error"]),
        (WEB, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.43.0.10"]}}, ["dns.pod-policy warning"]),
        (SHORT, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.43.0.10"]}}, ["dns.pod-policy error"]),
        (LONG, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.43.0.10"]}}, []),
        (LONG, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["169.254.20.10"]}}, []),
        (LONG, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["169.254.25.10"]}}, []),
        ("https://example.com", {"dnsPolicy": "Default"}, []),  # an outside name resolves by the node's resolver
        ("10.43.0.1:443", {"dnsPolicy": "Default"}, []),  # no name is looked up
        ("pod/client-677c9fc84-2x8vc.shop", {"dnsPolicy": "Default"}, []),
    ],
)
async def test_the_callers_resolver(target: str, spec: Manifest, expected: list[str]) -> None:
    assert await codes(target, client(**spec)) == expected


async def test_an_address_of_the_cluster_that_nobody_has_is_proven() -> None:
    spec = {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.43.0.53"]}}
    nobody = (await ask(CHECK, cluster(client(**spec)), WEB, CLIENT)).findings[0]
    spec["dnsConfig"] = {"nameservers": ["192.0.2.1"]}
    outside = (await ask(CHECK, cluster(client(**spec)), WEB, CLIENT)).findings[0]
    assert (nobody.proven, outside.proven) == (True, False)
    assert "nobody has" in nobody.title


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        (WEB, block(KUBERNETES, FORWARD), []),
        (WEB, block(FORWARD), ["dns.server-config error"]),
        (WEB, block("kubernetes corp.example", FORWARD), []),  # right where the kubelets say so, and nothing tells
        (LONG, block("kubernetes corp.example", FORWARD), ["dns.server-config error"]),
        (WEB, block("hosts {\n192.0.2.9 a.example\n}", KUBERNETES, FORWARD), ["dns.server-config error"]),
        (WEB, block("hosts {\n192.0.2.9 a.example\nfallthrough\n}", KUBERNETES, FORWARD), []),
        (WEB, block(KUBERNETES, "forward . 10.43.0.10"), []),  # the cluster's own names need no upstream
        ("https://example.com", block(KUBERNETES, "forward . 10.43.0.10"), ["dns.forward-loop error"]),
        ("https://example.com", block(KUBERNETES), ["dns.server-config error"]),
        ("https://example.com", block(KUBERNETES, "forward . 192.168.1.1 8.8.8.8"), ["dns.upstream-split warning"]),
        (WEB, block(KUBERNETES, "forward . 192.168.1.1 8.8.8.8"), []),
        # Stub zones have upstreams of their own: what is wrong with them concerns their names alone.
        ("https://example.com", block(KUBERNETES, FORWARD, "forward corp.example 192.168.1.1 8.8.8.8"), []),
        (
            "https://a.corp.example",
            block(KUBERNETES, "forward corp.example 192.168.1.1 8.8.8.8", FORWARD),
            ["dns.upstream-split warning"],
        ),
        (
            "https://a.corp.example",
            block(KUBERNETES, FORWARD) + "corp.example:53 {\nforward . 192.168.1.1 8.8.8.8\n}\n",
            ["dns.upstream-split warning"],
        ),
        ("https://example.com", block(KUBERNETES, FORWARD) + "corp.example:53 {\nforward . 10.43.0.10\n}\n", []),
        (
            "https://a.corp.example",
            block(KUBERNETES, FORWARD) + "corp.example:53 {\nforward . 10.43.0.10\n}\n",
            ["dns.forward-loop error"],
        ),
        (WEB, ".:53 {\n kubernetes cluster.local\n", ["dns.server-config warning"]),  # it runs with the one before
    ],
)
async def test_the_corefile(target: str, text: str, expected: list[str]) -> None:
    assert await codes(target, corefile(text)) == expected


async def test_a_domain_that_nothing_tells_is_not_judged() -> None:
    _, found = await judged(CHECK, cluster(corefile(block("kubernetes corp.example", FORWARD))), WEB, CLIENT)
    assert [one.what for one in found if isinstance(one, Unjudged)] == [
        "whether pods search corp.example., the domain that CoreDNS serves"
    ]


async def test_the_kubelets_configuration_tells_the_domain() -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"kubelet": "clusterDomain: cluster.local\n"},
              "metadata": {"name": "kubelet-config", "namespace": "kube-system", "uid": "k"}}  # fmt: skip
    served = corefile(block("kubernetes corp.example", FORWARD))
    assert await codes(WEB, served, {"create": config}) == ["dns.server-config error"]
    config["data"] = {"kubelet": "clusterDomain: corp.example\n"}
    assert await codes(WEB, served, {"create": config}) == []


async def test_a_dns_service_without_pods_or_workload_is_managed_elsewhere() -> None:
    gone = [{"delete": {**DNS}}, {"delete": {"kind": "EndpointSlice", "namespace": "kube-system", "name":
            "kube-dns-ngvdh"}}, {"delete": {"kind": "Deployment", "namespace": "kube-system", "name": "coredns"}},
            {"delete": {"kind": "Pod", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}}]  # fmt: skip
    _, found = await judged(CHECK, cluster(*gone), WEB, CLIENT)
    assert [type(one) for one in found] == [Unjudged]
    assert isinstance(found[0], Unjudged)
    assert (found[0].reason, found[0].blocking) == ("not-supported", False)


async def test_the_dns_service_as_target_is_the_other_checks_matter() -> None:
    gone = {"merge": {**DNS, "with": {"spec": {"selector": {"k8s-app": "nobody"}}}}}
    assert await codes("svc/kube-dns.kube-system:53/udp", gone) == []


async def test_a_namespace_called_like_a_public_domain_takes_its_names() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "com", "uid": "ns-com"}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "example", "namespace": "com", "uid": "s"},
               "spec": {"clusterIP": "10.43.7.77", "ports": [{"port": 443}]}}  # fmt: skip
    made = ({"create": space}, {"create": service})
    assert await codes("https://example.com", *made) == ["dns.search-hijack warning"]
    assert await codes("https://example.com", *made, client(dnsPolicy="Default")) == ["dns.pod-policy error"]
    assert await codes("https://example.com") == []


def cache(ready: bool, text: str = "cluster.local:53 { }") -> tuple[Manifest, ...]:
    owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "node-local-dns", "uid": "nl", "controller": True}
    pods = tuple(
        {"create": {"apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": f"node-local-dns-{node}", "namespace": "kube-system", "uid": f"nl-{node}",
                                 "labels": {"k8s-app": "node-local-dns"}, "ownerReferences": [owner]},
                    "spec": {"nodeName": node, "hostNetwork": True, "containers": [{"name": "node-cache"}]},
                    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}}}
        for node in ("node-a", "node-b", "node-c")
    )  # fmt: skip
    config = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"Corefile": text},
              "metadata": {"name": "node-local-dns", "namespace": "kube-system", "uid": "nlc"}}  # fmt: skip
    return (*pods, {"create": config})


async def test_the_node_local_cache() -> None:
    assert await codes(WEB, *cache(True)) == []
    assert await codes(WEB, *cache(False)) == ["dns.node-local-down error"]
    assert await codes(WEB, *cache(True, "__PILLAR__DNS__DOMAIN__:53 { }")) == ["dns.server-config error"]
    assert await codes(WEB, *cache(True, "forward . __PILLAR__CLUSTER__DNS__")) == []


async def test_the_node_local_cache_asks_over_tcp() -> None:
    udp = {"merge": {**DNS, "with": {"spec": {"ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]}}}}
    tcp = "cluster.local:53 {\nforward . __PILLAR__CLUSTER__DNS__ {\nforce_tcp\n}\n}\n"
    assert await codes(WEB, *cache(True, tcp)) == []
    assert await codes(WEB, *cache(True, tcp), udp) == ["dns.tcp-blocked error"]
    assert await codes(WEB, *cache(True, tcp.replace("force_tcp", "prefer_udp")), udp) == []
    assert await codes(WEB, udp) == []


class Refusing:
    """A cluster that lets nobody look into kube-system."""

    def __init__(self, inner: SnapshotCluster) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def get(self, kind: Any, name: str, namespace: str = "") -> Any:
        return _gap(kind) if namespace == "kube-system" else await self._inner.get(kind, name, namespace)

    async def list(self, kind: Any, namespace: str = "", *, labels: str = "", fields: str = "") -> Any:
        if namespace == "kube-system":
            return Listing(gap=_gap(kind))
        return await self._inner.list(kind, namespace, labels=labels, fields=fields)


def _gap(kind: Any) -> Gap:
    return Gap(what=f"get {kind.__name__}", reason="forbidden", detail="may not")


@pytest.mark.parametrize(("target", "blocking"), [(WEB, False), (LONG, True)])
async def test_a_refusal_is_never_a_missing_server(target: str, blocking: bool) -> None:
    _, found = await judged(CHECK, Refusing(cluster()), target, CLIENT)  # type: ignore[arg-type]
    assert not any(isinstance(one, Finding) for one in found)
    unjudged = [one for one in found if isinstance(one, Unjudged)]
    assert [(one.reason, one.blocking) for one in unjudged] == [("forbidden", blocking)]


async def test_what_is_wrong_with_cluster_dns_is_told_at_the_caller() -> None:
    scenario = assemble.scenario("dns-oom")
    told = await ask(CHECK, cluster_of(scenario), WEB, CLIENT)
    assert [one.code for one in told.roots] == ["pod.oom-killed"]
    assert {hop for one in told.findings for hop in one.hops} == {"client/deployment/shop/client"}
    down = next(one for one in told.findings if one.code == "dns.server-down")
    assert down.object == ObjectRef(api_version="apps/v1", kind="Deployment", namespace="kube-system", name="coredns")


def cluster_of(scenario: assemble.Scenario) -> SnapshotCluster:
    return SnapshotCluster.from_documents(
        assemble.documents(scenario), where=Where(type="snapshot", context="test"), now=MOMENT
    )


async def test_a_healthy_cluster_costs_few_requests() -> None:
    class Counting(Refusing):
        asked = 0

        async def get(self, kind: Any, name: str, namespace: str = "") -> Any:
            Counting.asked += 1
            return await self._inner.get(kind, name, namespace)

        async def list(self, kind: Any, namespace: str = "", *, labels: str = "", fields: str = "") -> Any:
            Counting.asked += 1
            return await self._inner.list(kind, namespace, labels=labels, fields=fields)

    from netdoc.api import Kubectl, Ports, Subject, parse_target, resolve
    from netdoc.path import parse_source
    from netdoc.ports import Recorder

    recorder = Recorder(Counting(cluster()))  # type: ignore[arg-type]
    path = await resolve(recorder, parse_target(WEB), (parse_source(CLIENT),))
    before = Counting.asked
    await CHECK.observe(Ports(recorder), Subject(path=path, kubectl=Kubectl("test"), now=MOMENT))
    assert Counting.asked - before <= 8
