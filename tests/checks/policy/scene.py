"""A small shop for policies: a client, a web of two pods behind a Service, cluster DNS, and who enforces."""

from __future__ import annotations

from typing import Any

from netdoc.api import Finding, Unjudged
from netdoc_checks.policy import CHECK
from tests.asking import Told, ask, judged
from tests.checks.endpoints.build import Manifest, behind, cluster, container, manifest, offer, pod, port, service

CLIENT = "pod/client.shop"
HTTP = {"port": 8080}
FROM_CLIENT = {"podSelector": {"matchLabels": {"app": "client"}}}
WEB = {"matchLabels": {"app": "web"}}
NAME = "kubernetes.io/metadata.name"
DNS_PODS = {
    "namespaceSelector": {"matchLabels": {NAME: "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
LOOKUPS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def np(name: str = "np", select: Manifest | None = None, namespace: str = "shop", **spec: Any) -> Manifest:
    """A NetworkPolicy; of the web's pods where the test does not say."""
    chosen = WEB if select is None else select
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec={"podSelector": chosen, **spec})


def ingress(*rules: Manifest, **more: Any) -> Manifest:
    return np(policyTypes=["Ingress"], ingress=list(rules), **more)


def egress(*rules: Manifest, **more: Any) -> Manifest:
    """Of every pod of the shop, so of the client too."""
    return np("out", {}, policyTypes=["Egress"], egress=list(rules), **more)


def admin(name: str = "all", tier: str = "Admin", priority: int = 10, **spec: Any) -> Manifest:
    subject = {"namespaces": {"matchLabels": {NAME: "shop"}}}
    return manifest(
        "policy.networking.k8s.io/v1alpha2",
        "ClusterNetworkPolicy",
        name,
        "",
        spec={"tier": tier, "priority": priority, "subject": subject, **spec},
    )


def agent(name: str) -> Manifest:
    """The network plugin's pod on a node."""
    return elsewhere(pod(f"{name}-x", labels={"k8s-app": name}, ip="192.168.0.1", spec={"hostNetwork": True}))


def elsewhere(document: Manifest, namespace: str = "kube-system") -> Manifest:
    document["metadata"]["namespace"] = namespace
    return document


def client(**rest: Any) -> Manifest:
    return pod(
        "client", labels=rest.pop("labels", {"app": "client"}), ip=rest.pop("ip", "10.42.1.9"), node="node-b", **rest
    )


def web(**labels: str) -> list[Manifest]:
    ports = (container(ports=(port(8080, "http"),)),)
    return [
        pod("web-1", ip="10.42.0.7", containers=ports),
        pod("web-2", ip="10.42.2.8", node="node-c", containers=ports, labels={"app": "web", **labels}),
    ]


def dns(*extra: Manifest) -> list[Manifest]:
    labels = {"k8s-app": "kube-dns"}
    server = elsewhere(pod("coredns-1", labels=labels, ip="10.42.0.53", containers=(container("coredns", ports=()),)))
    lookups = (offer(53, 53, "dns", "UDP"), offer(53, 53, "dns-tcp", "TCP"))
    names = service("kube-dns", *lookups, selector=labels, ip="10.43.0.53", namespace="kube-system")
    return [*behind(names, server), *extra]


def shop(*objects: Manifest, pods: list[Manifest] | None = None, caller: Manifest | None = None) -> list[Manifest]:
    return [*behind(service(), *(pods or web())), caller or client(), *dns(), *objects]


async def told(*objects: Manifest, target: str = "svc/web.shop", source: str = CLIENT) -> Told:
    return await ask(CHECK, cluster(*objects), target, source)


async def found(*objects: Manifest, target: str = "svc/web.shop", source: str = CLIENT) -> list[Finding]:
    path, judgements = await judged(CHECK, cluster(*objects), target, source)
    findings = [one for one in judgements if isinstance(one, Finding)]
    for one in findings:
        assert one.code in CHECK.codes
        assert one.hops
        assert set(one.hops) <= {hop.id for hop in path.hops}
        assert one.evidence
    return findings


async def doubts(*objects: Manifest, target: str = "svc/web.shop", source: str = CLIENT) -> list[Unjudged]:
    _, judgements = await judged(CHECK, cluster(*objects), target, source)
    return [one for one in judgements if isinstance(one, Unjudged)]
