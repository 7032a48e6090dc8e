"""A small cluster to find ways through, and one that refuses some of the questions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from netdoc.cluster import SnapshotCluster
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Path
from netdoc.model.record import Gap
from netdoc.path import parse_source, parse_target, resolve
from netdoc.ports import Cluster, Listing, Recorder, Traffic, Where
from netdoc.ports.cluster import K

Document = dict[str, Any]
WHERE = Where(type="snapshot", namespace="shop")


def thing(kind: str, name: str, namespace: str = "shop", api: str = "v1", **more: Any) -> Document:
    """A document; `metadata` among `more` is laid over its name and namespace."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | more.pop("metadata", {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def pod(
    name: str, address: str = "", node: str = "node-a", namespace: str = "shop", status: Document | None = None,
    labels: dict[str, str] | None = None, **spec: Any,
) -> Document:  # fmt: skip
    several = address.split(",") if address else []
    addresses = {"podIP": several[0], "podIPs": [{"ip": one} for one in several]} if several else {}
    base = {"containers": [{"name": "app", "ports": [{"containerPort": 8080, "name": "http"}]}], "nodeName": node}
    return thing(
        "Pod", name, namespace, metadata={"labels": labels or {"app": name.partition("-")[0]}},
        spec=base | spec, status={"phase": "Running"} | addresses | (status or {}),
    )  # fmt: skip


def service(name: str, address: str, ports: Iterable[Document] = (), namespace: str = "shop", **more: Any) -> Document:
    status = more.pop("status", {})
    chosen = list(ports) or [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]
    several = {"clusterIP": address.split(",")[0], "clusterIPs": address.split(",")} if address else {}
    spec = {"type": "ClusterIP", "selector": {"app": name}, "ports": chosen} | several | more
    return thing("Service", name, namespace, spec=spec, status=status)


def slice_(
    name: str, endpoints: Iterable[Document], port: int = 8080, namespace: str = "shop", port_name: str = "http"
) -> Document:
    return thing(
        "EndpointSlice", f"{name}-1", namespace, "discovery.k8s.io/v1", addressType="IPv4",
        metadata={"labels": {"kubernetes.io/service-name": name}}, endpoints=list(endpoints),
        ports=[{"name": port_name, "port": port, "protocol": "TCP"}],
    )  # fmt: skip


def endpoint(name: str, address: str, hostname: str = "") -> Document:
    target = {"targetRef": {"kind": "Pod", "name": name, "namespace": "shop"}, "nodeName": "node-a"} if name else {}
    return {"addresses": [address]} | target | ({"hostname": hostname} if hostname else {})


def workload(kind: str, name: str, namespace: str = "shop", api: str = "apps/v1") -> Document:
    return thing(kind, name, namespace, api, spec={"selector": {"matchLabels": {"app": name}}})


def node(name: str, address: str, *cidrs: str) -> Document:
    spec = {"podCIDR": cidrs[0], "podCIDRs": list(cidrs)} if cidrs else {}
    return thing("Node", name, "", spec=spec, status={"addresses": [{"type": "InternalIP", "address": address}]})


SHOP: tuple[Document, ...] = (
    *(thing("Namespace", name, "") for name in ("shop", "databases", "edge", "empty")),
    node("node-a", "192.168.20.11", "10.42.0.0/24", "fd00:10:42::/64"),
    node("node-b", "192.168.20.12", "10.42.1.0/24"),
    service("web", "10.43.7.9,fd00:10:43::9"),
    slice_("web", [endpoint("web-7d8f9c5b6d-x2x4q", "10.42.0.7")]),
    pod("web-7d8f9c5b6d-x2x4q", "10.42.0.7,fd00:10:42::7"),
    workload("Deployment", "web"),
    workload("Deployment", "client"),
    pod("client-5b9f7c6d4-kx2lz", "10.42.0.8"),
    pod("client-5b9f7c6d4-bbbbb", "10.42.1.8", node="node-b"),
    pod("client-5b9f7c6d4-ccccc", "10.42.1.9", node="node-b"),
    pod("client-5b9f7c6d4-ddddd", "10.42.0.9", status={"phase": "Succeeded"}),
    service("dns", "10.43.0.10", [{"name": "dns", "port": 53, "protocol": "UDP"},
                                  {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]),
    service("db", "None", [{"name": "pg", "port": 5432}], "databases"),
    slice_("db", [{"addresses": ["10.42.1.20"], "hostname": "db-0",
                   "targetRef": {"kind": "Pod", "name": "db-0", "namespace": "databases"}},
                  {"addresses": ["10.99.0.1"]}], 5432, "databases", "pg"),
    pod("db-0", "10.42.1.20", "node-b", "databases", hostname="db-0", subdomain="db"),
    workload("StatefulSet", "db", "databases"),
    service("lan", "10.43.5.5", [{"name": "http", "port": 80, "nodePort": 30080}], "edge", type="NodePort"),
    service("public", "10.43.6.6", [{"name": "https", "port": 443, "nodePort": 31443}], "edge", type="LoadBalancer",
            status={"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}}),
    service("claimed", "10.43.6.7", [{"name": "http", "port": 8000}], "edge", externalIPs=["198.51.100.7"]),
    thing("Service", "alias", spec={"type": "ExternalName", "externalName": "web.shop.svc.cluster.local"}),
    thing("Service", "outside", spec={"type": "ExternalName", "externalName": "api.example.com"}),
    pod("exporter", "192.168.20.12", "node-b", "edge", hostNetwork=True,
        containers=[{"name": "app", "ports": [{"containerPort": 9100, "hostPort": 9100, "name": "metrics"}]}]),
    thing("CronJob", "report", "shop", "batch/v1", spec={"schedule": "0 3 * * *"}),
    thing("Job", "report-1", "shop", "batch/v1",
          metadata={"ownerReferences": [{"kind": "CronJob", "name": "report", "controller": True}]},
          spec={"selector": {"matchLabels": {"batch.kubernetes.io/job-name": "report-1"}}}),
    pod("report-1-abcde", "10.42.1.30", "node-b", status={"phase": "Succeeded"},
        labels={"app": "report", "job-name": "report-1", "batch.kubernetes.io/job-name": "report-1"}),
    thing("Deployment", "web.v2", "shop", "apps/v1", spec={"selector": {"matchLabels": {"app": "webv2"}}}),
    pod("webv2-1", "10.42.0.77", labels={"app": "webv2"}),
)  # fmt: skip


def cluster_of(documents: Iterable[Document] = SHOP, namespace: str = "shop") -> SnapshotCluster:
    return SnapshotCluster.from_documents(documents, where=Where(type="snapshot", namespace=namespace))


class Refusing:
    """A Cluster that refuses what `refused` names: `services`, `get services`, `list pods`, `pods/shop`."""

    def __init__(self, cluster: Cluster, *refused: str) -> None:
        self._cluster = cluster
        self._refused = refused

    @property
    def where(self) -> Where:
        return self._cluster.where

    @property
    def traffic(self) -> Traffic:
        return self._cluster.traffic

    async def now(self) -> datetime:
        return await self._cluster.now()

    def _gap(self, verb: str, plural: str, namespace: str) -> Gap | None:
        for one in self._refused:
            words, _, place = one.partition("/")
            if plural == words.split()[-1] and words.split()[0] in (verb, plural) and place in ("", namespace):
                return Gap(
                    what=f"{verb} {plural}", reason="forbidden", detail=f"may not {verb} {plural} in {namespace}"
                )
        return None

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        gap = self._gap("get", kind.KIND.plural, namespace)
        return gap if gap is not None else await self._cluster.get(kind, name, namespace)

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        gap = self._gap("list", kind.KIND.plural, namespace)
        return Listing(gap=gap) if gap else await self._cluster.list(kind, namespace, labels=labels, fields=fields)

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        return await self._cluster.log(pod, container, previous=previous, lines=lines)

    async def close(self) -> None:
        await self._cluster.close()


async def found(target: str, *sources: str, cluster: Cluster | None = None) -> Path:
    chosen = cluster if cluster is not None else cluster_of()
    return await resolve(chosen, parse_target(target), tuple(parse_source(one) for one in sources))


async def asked(target: str, *sources: str) -> tuple[Path, Recorder]:
    """The path, and everything that was asked to find it."""
    recorder = Recorder(cluster_of())
    return await found(target, *sources, cluster=recorder), recorder


def way(path: Path, start: str = "") -> list[str]:
    """The ids of the hops from the client on, the first way where it parts."""
    here = path.hop(start or path.sources[0].hop)
    ids: list[str] = []
    while here is not None and here.id not in ids:
        ids.append(here.id)
        here = path.hop(here.next[0]) if here.next else None
    return ids
